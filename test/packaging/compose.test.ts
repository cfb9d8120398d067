/** Both of Rancher's parsers take the top-level pair; the server's takes the catalog entry, whatever is answered. */
import { describe, expect, it } from "vitest";
import { OF_BOTH, OF_EXECUTOR, OF_RANCHER_COMPOSE } from "./compose-keys.ts";
import { renderGoTemplate } from "./go-template.ts";
import { interpolate, variablesOf } from "./interpolation.ts";
import { CATALOG, type ComposeFile, DEFAULT_ANSWERS, launch, parseCompose, TOP } from "./packaged-files.ts";

const withAll = { ...DEFAULT_ANSWERS, NONLOCAL_BIND: "true", AUTH_PASS_SECRET: "vrrp" };
const launches = [
  { what: "the top-level pair", docker: parseCompose(TOP.docker), rancher: parseCompose(TOP.rancher) },
  ...[DEFAULT_ANSWERS, withAll].map((answers) => ({
    what: answers === withAll ? "the catalog entry with all options" : "the catalog entry",
    docker: ran(CATALOG.docker, answers),
    rancher: ran(CATALOG.rancher, answers),
  })),
];
const services = launches.flatMap(({ what, docker }) =>
  Object.entries(docker.services).map(([name, service]) => ({ what: `${name} of ${what}`, name, service })),
);
const agents = services.filter(({ name }) => name === "keepalived");

function ran(text: string, answers: Readonly<Record<string, string>>): ComposeFile {
  const file = parseCompose(renderGoTemplate(text, { answers, stackName: "vips" }));
  return { ...file, services: interpolate(file.services, answers) as ComposeFile["services"] };
}

describe("the top-level pair", () => {
  it("has neither templates nor variables nor questions, which rancher-compose does not fill", () => {
    for (const text of [TOP.docker, TOP.rancher]) expect(text).not.toMatch(/\{\{|\$|questions|^\.?catalog/m);
  });

  it("is started again by Docker where docker-compose runs it", () => {
    expect(parseCompose(TOP.docker).services["keepalived"]?.["restart"]).toBe("unless-stopped");
  });

  it("has only keys that both parsers know", () => {
    const { services: both } = parseCompose(TOP.docker);
    for (const service of Object.values(both))
      expect(OF_BOTH).toEqual(expect.arrayContaining(Object.keys(service)));
  });
});

describe("the catalog entry", () => {
  it("is YAML before the server runs its templates, too: the catalog reads it then", () => {
    expect(Object.keys(parseCompose(CATALOG.rancher).services)).toEqual(["keepalived"]);
    expect(Object.keys(parseCompose(CATALOG.docker).services)).toEqual(["keepalived", "nonlocal-bind"]);
  });

  it("has no actions in rancher-compose.yml, where the descriptions are", () => {
    expect(CATALOG.rancher).not.toContain("{{");
  });

  it("has only keys that the server knows", () => {
    for (const service of Object.values(launch(withAll).services)) {
      expect([...OF_EXECUTOR, ...OF_RANCHER_COMPOSE]).toEqual(expect.arrayContaining(Object.keys(service)));
    }
  });

  it("hands over the names that the agent finds itself by", () => {
    expect(launch(DEFAULT_ANSWERS).services["keepalived"]?.environment).toMatchObject({
      STACK_NAME: "vips",
      SERVICE_NAME: "keepalived",
    });
  });

  it("has no restart policy, which Rancher would not hand to Docker", () => {
    for (const service of Object.values(launch(withAll).services))
      expect(service).not.toHaveProperty("restart");
  });

  it("mounts no secret where one was taken back", () => {
    const takenBack = launch({ ...DEFAULT_ANSWERS, AUTH_PASS_SECRET: "<nil>" });

    expect(takenBack).toEqual({ ...launch(DEFAULT_ANSWERS) });
  });

  it("mounts a secret only where one was chosen", () => {
    const [without, chosen] = [launch(DEFAULT_ANSWERS), launch(withAll)].map(
      (file) => file.services["keepalived"],
    );

    expect(without).not.toHaveProperty("secrets");
    expect(without?.environment).not.toHaveProperty("AUTH_PASS_FILE");
    expect(chosen?.["secrets"]).toEqual([{ source: "vrrp", target: "auth_pass" }]);
    expect(chosen?.environment).toMatchObject({ AUTH_PASS_FILE: "/run/secrets/auth_pass" });
  });

  it("sets the sysctl only where that was chosen, and with no capability", () => {
    const helper = launch(withAll).services["nonlocal-bind"];

    expect(launch(DEFAULT_ANSWERS).services).not.toHaveProperty("nonlocal-bind");
    expect(helper).not.toHaveProperty("cap_add");
    expect(helper?.["volumes"]).toEqual(["/proc/sys/net/ipv4/ip_nonlocal_bind:/host/ip_nonlocal_bind"]);
    expect(helper?.labels).toEqual(launch(withAll).services["keepalived"]?.labels);
  });
});

describe.each(launches)("$what", ({ docker, rancher }) => {
  it("is of version 2, written as text", () => {
    expect([docker.version, rancher.version]).toEqual(["2", "2"]);
  });

  it("names in rancher-compose.yml only services of docker-compose.yml, with keys of that file", () => {
    expect(Object.keys(docker.services)).toEqual(expect.arrayContaining(Object.keys(rancher.services)));
    for (const service of Object.values(rancher.services)) {
      expect(OF_RANCHER_COMPOSE).toEqual(expect.arrayContaining(Object.keys(service)));
    }
  });

  it("starts no second agent before the first has stopped", () => {
    expect(rancher.services["keepalived"]?.["upgrade_strategy"]).toEqual({ start_first: false });
  });
});

describe.each(services)("$what", ({ name, service }) => {
  it("has a name that Rancher's API takes", () => {
    expect(name).toMatch(/^[A-Za-z0-9-]{1,63}$/);
  });

  it("is in the host's network, and asks for nothing that Docker refuses there", () => {
    expect(service["network_mode"]).toBe("host");
    for (const key of ["hostname", "ports", "sysctls", "links", "networks"])
      expect(service).not.toHaveProperty(key);
  });

  it("runs once on each host with the label", () => {
    expect(service.labels).toEqual({
      "io.rancher.scheduler.global": "true",
      "io.rancher.scheduler.affinity:host_label": "keepalived=true",
    });
  });

  it("has no privileges but capabilities, a root that cannot be written, and no build", () => {
    expect(service).not.toHaveProperty("privileged");
    expect(service).not.toHaveProperty("build");
    expect(service["cap_drop"]).toEqual(["ALL"]);
    expect(service["read_only"]).toBe(true);
  });

  it("has texts, and nothing that looks like another type, in labels and environment", () => {
    const values = [...Object.values(service.labels), ...Object.values(service.environment ?? {})];
    expect(values.filter((value) => value !== null && typeof value !== "string")).toEqual([]);
  });

  it("has lists without doubles", () => {
    for (const value of Object.values(service)) {
      if (Array.isArray(value)) expect(new Set(value.map(String)).size).toBe(value.length);
    }
  });
});

describe.each(agents)("$what", ({ service }) => {
  it("has the three capabilities that VRRP needs, and what lets keepalived run on a busy host", () => {
    expect(service["cap_add"]).toEqual(["NET_ADMIN", "NET_RAW", "NET_BROADCAST", "SYS_NICE"]);
    expect(service["cpu_shares"]).toBe(8192);
  });

  it("keeps STATE_DIR on a volume of the host", () => {
    const stateDir = service.environment?.["STATE_DIR"];
    expect(service["volumes"]).toEqual([`${stateDir}:${stateDir}`]);
  });

  it("can write where keepalived.conf, locks and temporary files go, and only root can in the first two", () => {
    expect(service["tmpfs"]).toEqual([
      "/etc/keepalived:size=1m,mode=0755",
      "/run:size=16m,mode=0755",
      "/tmp:size=16m",
    ]);
  });
});

describe("interpolation, by which these tests read", () => {
  const braced = (inside: string) => `\${${inside}}`;

  it("knows the two forms of a variable and the doubled dollar", () => {
    expect(interpolate([`${braced("A")}-$A`, { k: "$$A", n: 1 }], { A: "a" })).toEqual([
      "a-a",
      { k: "$A", n: 1 },
    ]);
    expect(variablesOf(`${braced("A")} $$B $C`)).toEqual(["A", "C"]);
  });

  it.each([braced("A:-b"), braced(""), "$ {A}", "a$", "$1"])("refuses %s as Rancher does", (text) => {
    expect(() => interpolate(text, {})).toThrow("is no variable");
  });
});

describe("templates, by which these tests read", () => {
  const render = (text: string) => renderGoTemplate(text, { answers: { A: "a" }, stackName: "s" });

  it("knows values and conditions, one within the other", () => {
    expect(render("{{ .Values.A }}{{.Values.B}}{{ .Stack.Name }}")).toBe("as");
    expect(render('{{ if .Values.A }}1{{ if eq .Values.A "b" }}2{{ end }}3{{ end }}')).toBe("13");
    expect(render("{{ if .Values.B }}{{ .Values.A }}{{ end }}")).toBe("");
    expect(render('{{ if ne .Values.A "a" }}1{{ end }}{{ if ne .Values.A "b" }}2{{ end }}')).toBe("2");
  });

  it.each(["{{ vip }}", "{{ if .Values.A }}", "{{ end }}", "{{ .Values.A | quote }}"])(
    "refuses %s",
    (text) => {
      expect(() => render(text)).toThrow();
    },
  );
});
