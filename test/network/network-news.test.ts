import { expect, it } from "vitest";
import { parseNetworkNews } from "../../src/network/network-news.ts";

it.each([
  ["other", { kind: "other" }],
  ["link", { kind: "network" }],
  ["default-route", { kind: "network" }],
  ["lost", { kind: "network" }],
  ["address 198.51.100.11", { kind: "address", address: "198.51.100.11", isTentative: false }],
  ["address 2001:db8::11 tentative", { kind: "address", address: "2001:db8::11", isTentative: true }],
  ["removed 198.51.100.11", { kind: "removed", address: "198.51.100.11", isLapse: false }],
  ["removed 2001:db8::11 lapsed", { kind: "removed", address: "2001:db8::11", isLapse: true }],
  // inet_ntop writes it so
  ["address ::198.51.100.11", { kind: "address", address: "::c633:640b", isTentative: false }],
  ["address nonsense", { kind: "network" }],
  ["nonsense 198.51.100.11", { kind: "network" }],
  ["", { kind: "network" }],
])("`%s` says %o", (text, news) => expect(parseNetworkNews(text)).toEqual(news));
