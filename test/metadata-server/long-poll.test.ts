import { expect, it } from "vitest";
import { endsWait, parseLongPoll } from "../../src/metadata-server/long-poll.ts";

it.each([
  { query: "wait=true&value=x", want: { oldValue: "x", maxWaitSeconds: 60 } },
  { query: "value=x&maxWait=7&wait=true", want: { oldValue: "x", maxWaitSeconds: 7 } },
  { query: "wait=true&value=", want: { oldValue: "", maxWaitSeconds: 60 } },
  { query: "wait=true&value=x&maxWait=0", want: { oldValue: "x", maxWaitSeconds: 60 } },
  { query: "wait=true&value=x&maxWait=soon", want: { oldValue: "x", maxWaitSeconds: 60 } },
  { query: "wait=true&value=x&maxWait=1.5", want: { oldValue: "x", maxWaitSeconds: 60 } },
  { query: "wait=true&value=x&maxWait=120", want: { oldValue: "x", maxWaitSeconds: 120 } },
  { query: "wait=true&value=x&maxWait=121", want: { oldValue: "x", maxWaitSeconds: 120 } },
  { query: "wait=true&value=x&maxWait=-1", want: { oldValue: "x", maxWaitSeconds: -1 } },
  { query: "wait=1&value=x", want: undefined },
  { query: "wait=TRUE&value=x", want: undefined },
  { query: "wait=true", want: undefined },
  { query: "value=x", want: undefined },
  { query: "", want: undefined },
])("reads ?$query as $want", ({ query, want }) => {
  expect(parseLongPoll(new URLSearchParams(query))).toEqual(want);
});

it.each([
  { value: "abc", oldValue: "abc", want: false },
  { value: "abc", oldValue: "init", want: true },
  { value: "", oldValue: "", want: false },
  { value: 51, oldValue: "51", want: false },
  { value: true, oldValue: "true", want: false },
  { value: null, oldValue: "<nil>", want: false },
  { value: null, oldValue: "", want: true },
  { value: {}, oldValue: "[object Object]", want: true },
  { value: {}, oldValue: "map[]", want: false },
  { value: { a: 1 }, oldValue: "map[]", want: true },
  { value: [], oldValue: "", want: true },
  { value: [], oldValue: "[]", want: false },
  { value: [1], oldValue: "[]", want: true },
])("says whether $value is news to who has $oldValue: $want", ({ value, oldValue, want }) => {
  expect(endsWait(value, oldValue)).toBe(want);
});
