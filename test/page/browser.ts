/** A headless Chromium that is driven over a pipe by its DevTools protocol: its tabs, and what went wrong on each. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import type { Readable, Writable } from "node:stream";

interface Message {
  readonly id?: number;
  readonly sessionId?: string;
  readonly method?: string;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

export function isChromiumThere(): boolean {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  return folders.some((folder) => existsSync(join(folder, "chromium")));
}

/** What Chromium says of an expression whose page was replaced meanwhile. */
const PAGE_GONE =
  /navigated or closed|context was destroyed|Cannot find (default )?(execution )?context|was collected/;
/** Each message on the pipe ends with it. */
const END = "\0";

export class Browser {
  readonly #process: ChildProcess;
  readonly #input: Writable;
  readonly #profile: string;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  readonly #tabs = new Map<string, Tab>();

  private constructor(child: ChildProcess, profile: string) {
    this.#process = child;
    this.#profile = profile;
    let rest = "";
    const [, , , input, output] = child.stdio;
    this.#input = input as Writable;
    (output as Readable).setEncoding("utf8").on("data", (chunk: string) => {
      const messages = (rest + chunk).split(END);
      rest = messages.pop() ?? "";
      for (const message of messages) this.#take(JSON.parse(message));
    });
    child.on("exit", () => {
      for (const { reject } of this.#waiting.values()) reject(new Error("chromium ended"));
    });
  }

  /** @param wrap what turns a command into one that runs elsewhere, such as in a host's network. */
  static async open(wrap = (command: readonly string[]) => command): Promise<Browser> {
    const profile = mkdtempSync(join(tmpdir(), "page-"));
    const flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run"];
    const own = ["--remote-debugging-pipe", `--user-data-dir=${profile}`, "about:blank"];
    const [file = "", ...args] = wrap(["chromium", ...flags, ...own]);
    const child = spawn(file, args, { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });
    return new Browser(child, profile);
  }

  /** A tab that shows the page at `url`. A tab in the background goes on like one that somebody looks at. */
  async openTab(url: string): Promise<Tab> {
    const { targetId } = await this.send<{ targetId: string }>("Target.createTarget", { url: "about:blank" });
    const attached = { targetId, flatten: true };
    const { sessionId } = await this.send<{ sessionId: string }>("Target.attachToTarget", attached);
    const tab = new Tab((method, params) => this.send(method, params, sessionId));
    this.#tabs.set(sessionId, tab);
    for (const domain of ["Page", "Runtime", "Log"]) await tab.send(`${domain}.enable`);
    await tab.send("Emulation.setFocusEmulationEnabled", { enabled: true });
    await tab.goTo(url);
    return tab;
  }

  async send<T>(method: string, params: object = {}, sessionId?: string): Promise<T> {
    const id = this.#waiting.size + 1;
    const answer = Promise.withResolvers<unknown>();
    this.#waiting.set(id, answer);
    const session = sessionId === undefined ? {} : { sessionId };
    this.#input.write(`${JSON.stringify({ id, method, params, ...session })}${END}`);
    return (await answer.promise) as T;
  }

  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.#process.once("exit", resolve));
    await this.send("Browser.close").catch(() => undefined);
    await ended;
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 5 });
  }

  #take({ id, sessionId = "", method, params, result, error }: Message): void {
    if (method === "Runtime.exceptionThrown" || method === "Log.entryAdded") {
      this.#tabs.get(sessionId)?.complaints.push(JSON.stringify(params));
    }
    const waiting = id === undefined ? undefined : this.#waiting.get(id);
    if (error === undefined) waiting?.resolve(result);
    else waiting?.reject(new Error(error.message));
  }
}

export class Tab {
  /** What the page complained of, such as what its policy refused. */
  readonly complaints: string[] = [];
  readonly #send: (method: string, params: object) => Promise<unknown>;

  constructor(send: (method: string, params: object) => Promise<unknown>) {
    this.#send = send;
  }

  async send<T>(method: string, params: object = {}): Promise<T> {
    return (await this.#send(method, params)) as T;
  }

  async goTo(url: string): Promise<void> {
    await this.send("Page.navigate", { url });
  }

  /** Waits, in the page, until its text has `text`. */
  async untilShown(text: string): Promise<void> {
    await this.until(`document.body?.innerText.includes(${JSON.stringify(text)})`);
  }

  /** Waits, in the page, until the expression is true. */
  async until(expression: string): Promise<void> {
    const look = `new Promise((done) => { const look = () => ${expression} ? done() : setTimeout(look, 20); look(); })`;
    for (;;) {
      try {
        return await this.evaluate(look);
      } catch (error) {
        // it began in the page that was there before, and ended with it
        if (!PAGE_GONE.test(String(error))) throw error;
      }
    }
  }

  /** Value of an expression in the page. */
  async evaluate<T>(expression: string): Promise<T> {
    const options = { expression, returnByValue: true, awaitPromise: true };
    const { result, exceptionDetails } = await this.send<{
      result: { value: T };
      exceptionDetails?: { exception?: { description?: string } };
    }>("Runtime.evaluate", options);
    if (exceptionDetails !== undefined) throw new Error(exceptionDetails.exception?.description);
    return result.value;
  }

  /** The text of the element, as it is shown. */
  textOf(selector: string): Promise<string> {
    return this.evaluate(`document.querySelector(${JSON.stringify(selector)}).innerText`);
  }
}
