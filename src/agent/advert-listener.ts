/** Adverts of other hosts, one listener an interface, for as long as a planned change needs it. */
import type { Logger } from "pino";
import { openVrrpSniffer } from "../io/vrrp-sniffer.ts";
import type { CutOversOptions, Listener } from "./cut-overs.ts";

/** @param onState hearing came or went. */
export function listenForAdverts(options: {
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly onState: () => void;
}): CutOversOptions["listen"] {
  return (interfaceName, onAdvert): Listener => {
    let sinceMs: number | undefined;
    const sniffer = openVrrpSniffer({
      ...options,
      interfaceName,
      onAdvert,
      onState: (isListening) => {
        sinceMs = isListening ? performance.now() : undefined;
        options.onState();
      },
    });
    return {
      get sinceMs() {
        return sinceMs;
      },
      close: () => void sniffer.close(),
    };
  };
}
