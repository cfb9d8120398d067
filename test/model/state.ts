/** The state of a cluster as one text, so that states can be compared: everything but the time and the timers. */
import type { Machine } from "./machine.ts";
import type { MetadataService } from "./rancher.ts";

export function describeState(machines: readonly Machine[], services: readonly MetadataService[]): string {
  const state = machines.map((machine, index) => ({
    phase: machine.phase,
    isHealthy: machine.isHealthy,
    isTentative: machine.isTentative,
    vips: [...machine.kernel.addresses].sort(),
    memory: machine.memory,
    agent: machine.agent?.describe(),
    told: services[index]?.told,
  }));
  // each edition of a document has a version of its own, whatever it says
  return JSON.stringify(state).replaceAll(/version-\d+/g, "");
}
