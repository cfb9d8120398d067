import { expect, it } from "vitest";
import { parseKeepalivedVersion } from "../../src/keepalived/version.ts";
import { judgeKeepalivedVersion } from "../../src/preflight/keepalived-version.ts";

it.each([
  { output: "Keepalived v2.2.7 (01/16,2022)\n\nCopyright(C) 2001-2022", version: "2.2.7", code: undefined },
  { output: "Keepalived v2.3.1 (05/24,2024)", version: "2.3.1", code: undefined },
  { output: "Keepalived v10.0 (01/01,2030)", version: "10.0", code: undefined },
  { output: "Keepalived v1.3.9 (10/21,2017)", version: "1.3.9", code: "KEEPALIVED_TOO_OLD" },
  { output: "Keepalived v1.2.24 (02/01,2017)", version: "1.2.24", code: "KEEPALIVED_TOO_OLD" },
  { output: "exec format error", version: undefined, code: undefined },
])("takes $output for version $version: $code", ({ output, version, code }) => {
  expect(parseKeepalivedVersion(output)).toBe(version);
  expect(judgeKeepalivedVersion(version)?.code).toBe(code);
});
