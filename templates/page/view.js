// What the page says: derived from the agent's status, from /cluster, and from whether both are current.
import { ownCluster, PRESENCES, withOwnNews } from "./own-cluster.js";

/**
 * @param cluster the answer of /cluster, undefined where it is not current.
 * @param phase of freshness.js. Nothing is said of a state that is not current.
 */
export function viewOf({ status, cluster, phase }) {
  const known = cluster === undefined ? ownCluster(status) : withOwnNews(cluster, status);
  const isCurrent = phase === "live";
  const isAlone = known.members.every((member) => member.isSelf || isClosed(member));
  const groups = known.groups.map((group) => groupView(group, known.members, status, { isCurrent, isAlone }));
  const hosts = known.members.map((member) => hostView(member, known.groups, status, { isCurrent, isAlone }));
  const hostName = status.host?.name ?? "rancher-keepalived";
  const overall = overallOf({ isCurrent, isAlone, status, groups, hosts });
  return {
    phase,
    hostName,
    overall,
    title: titleOf({ isCurrent, hostName, overall, groups }),
    groups: groups.toSorted(
      (one, other) => RANKS[one.tone] - RANKS[other.tone] || compareNaturally(one.name, other.name),
    ),
    hosts,
    problems: isCurrent ? problemList(known.members) : [],
    notice: isCurrent && isAlone && known.members.length > 1 ? closedWhy(known, status) : undefined,
  };
}

/** Its HTTP is not open, or it has not been asked yet. A host that hangs or is not there is something else. */
function isClosed({ reach, isClosed: hasNoListener }) {
  return reach === "not-asked" || hasNoListener === true;
}

const RANKS = { bad: 0, warn: 1, unknown: 2, calm: 3, good: 3 };
const COLLATOR = new Intl.Collator("en", { numeric: true });

/** web-2 before web-11. */
export function compareNaturally(one, other) {
  return COLLATOR.compare(one, other) || (one < other ? -1 : 1);
}

export function isWell({ keepalived, instances, problems, contradictions, splitBrain }) {
  const areSettled =
    instances.length > 0 && instances.every(({ state }) => state === "MASTER" || state === "BACKUP");
  return (
    keepalived.isRunning &&
    areSettled &&
    contradictions.every(({ isLasting }) => !isLasting) &&
    splitBrain.length === 0 &&
    problems.every(({ part }) => part === "advice")
  );
}

function groupView(group, members, status, { isCurrent, isAlone }) {
  const { name, vips, owner, noOwner, since } = group;
  const spares = isCurrent ? group.spares.map((spare) => spareView(spare, members, isAlone)) : [];
  const [tone, trouble] = isCurrent
    ? troubleOf({ ...group, spares }, members, status, isAlone)
    : ["unknown", undefined];
  return {
    name,
    vips,
    tone,
    trouble,
    isCurrent,
    since: isCurrent ? since : undefined,
    owner:
      owner === undefined
        ? undefined
        : {
            name: owner.host ?? owner.address ?? "unknown",
            isSelf: owner.isSelf,
            url: urlOf(owner.uuid, members),
          },
    hasNone: noOwner !== undefined,
    spares,
  };
}

/** A host that does not answer has its reason in the table of hosts: no group repeats it. */
function spareView({ host, uuid, canTakeOver, why }, members, isAlone) {
  const { isSelf, reach, metadata } = members.find((member) => member.uuid === uuid) ?? {};
  if (isSelf || reach === "answers") return { host, canTakeOver, why };
  if (metadata === "disconnected" || metadata === "missing")
    return { host, canTakeOver: false, why: PRESENCES[metadata] };
  return isAlone ? { host } : { host, canTakeOver: false, why: REACHES[reach] };
}

/** Of its page, where that can be expected to open. */
function urlOf(uuid, members) {
  const { url, reach } = members.find((member) => member.uuid === uuid) ?? {};
  return reach === "answers" ? url : undefined;
}

/** [tone, sentence]: why somebody should look at the group. */
function troubleOf({ name, owner, noOwner, trouble, spares }, members, { splitBrain }, isAlone) {
  if (splitBrain.some(({ group }) => group === name)) return ["bad", "another host may own it, too"];
  if (trouble?.level === "bad") return ["bad", trouble.text];
  if (owner === undefined)
    return noOwner === undefined ? ["unknown", undefined] : ["bad", `no owner: ${noOwner.text}`];
  // where no other host can be asked, none is known to be a healthy spare: that is said once, not for each group
  if (trouble !== undefined && !isAlone) return ["warn", trouble.text];
  const self = members.find(({ isSelf }) => isSelf);
  const reasons = self?.groups.find((group) => group.name === name)?.reasons ?? [];
  if (reasons.length > 0) return ["warn", `${self.host} cannot take over: ${reasons.join(", ")}`];
  if (members.length > 1 && spares.every(({ canTakeOver }) => canTakeOver === false))
    return ["warn", "no other host can take over"];
  return [owner.isSelf ? "good" : "calm", undefined];
}

const REACHES = {
  "not-reachable": "does not answer",
  refused: "answers with something else",
  "not-asked": "not asked yet",
};

function hostView(member, groups, status, { isCurrent, isAlone }) {
  const { host, uuid, isSelf, reach, address, version, drained } = member;
  const owned = groups.filter(({ owner }) => owner?.uuid === uuid).length;
  const ready = groups.filter(({ spares }) =>
    spares.some((spare) => spare.uuid === uuid && spare.canTakeOver),
  ).length;
  const [tone, state] = isCurrent ? hostState(member, status, isAlone) : ["unknown", "not known"];
  return {
    host,
    uuid,
    isSelf,
    url: urlOf(uuid, [member]),
    address,
    version,
    tone,
    state,
    isCurrent,
    drained: isCurrent && drained,
    owned: isCurrent ? owned : undefined,
    ready: isCurrent && reach === "answers" ? ready : undefined,
    notes: isCurrent ? notesOf(member, groups, state, isAlone) : [],
  };
}

/** What is known of a host beside its state. Why it does not answer is said once where none does. */
function notesOf(member, known, state, isAlone) {
  const { isSelf, reach, why, metadata, wire, groups } = member;
  if (isSelf || reach === "answers") return [...failuresOf(groups), ...strangeOf(groups, known)];
  const heard =
    wire?.heardAt === undefined ? undefined : `its adverts were heard at ${wire.heardAt.slice(11, 19)} UTC`;
  return [isAlone ? undefined : why, PRESENCES[metadata], heard].filter(
    (note) => note !== undefined && note !== state,
  );
}

const SHOWN_FAILURES = 3;

/** The groups that a host neither owns nor backs up, and why. */
function failuresOf(groups) {
  const failed = groups.filter(({ state }) => state !== "MASTER" && state !== "BACKUP");
  const shown = failed.slice(0, SHOWN_FAILURES);
  const rest = failed.length - shown.length;
  return [
    ...shown.map(
      ({ name, state, reasons }) => `${name}: ${reasons.length === 0 ? state : reasons.join(", ")}`,
    ),
    ...(rest === 0 ? [] : [`and ${rest} more groups`]),
  ];
}

/** The groups that this member alone tells of: they are in its own row and nowhere else. */
function strangeOf(groups, known) {
  const count = groups.filter(({ name }) => known.every((group) => group.name !== name)).length;
  return count === 0 ? [] : [`tells of ${plural(count, "group")} that this host does not have`];
}

function hostState(member, status, isAlone) {
  const { isSelf, reach, metadata } = member;
  if (isSelf || reach === "answers") return ownWord(member, status);
  if (metadata === "disconnected" || metadata === "missing") return ["bad", PRESENCES[metadata]];
  return [isAlone && reach !== "refused" ? "unknown" : "warn", REACHES[reach] ?? "not known"];
}

/** What a host says of itself. */
function ownWord(member, status) {
  const { isSelf } = member;
  if (isSelf ? isWell(status) : member.isWell) return ["good", "well"];
  const isAsOrdered = isDrainedAlone(member) && (!isSelf || status.keepalived.isRunning);
  return isAsOrdered ? ["warn", "drained"] : ["bad", "not well"];
}

/** Whether a drain that was ordered is all that keeps a host from being well. */
function isDrainedAlone({ drained, problems, groups }) {
  return (
    drained &&
    problems.every(({ part }) => part === "advice") &&
    groups.every(({ state, drainedBy }) => {
      return state === "MASTER" || state === "BACKUP" || (state === "FAULT" && drainedBy !== undefined);
    })
  );
}

function overallOf({ isCurrent, isAlone, status, groups, hosts }) {
  if (!isCurrent) return { tone: "unknown", text: "not known" };
  const count = (tone) => groups.filter((group) => group.tone === tone).length;
  if (status.splitBrain.length > 0) return { tone: "bad", text: "split brain suspected" };
  if (count("bad") > 0) return { tone: "bad", text: `${plural(count("bad"), "group")} in trouble` };
  const self = hosts.find(({ isSelf }) => isSelf);
  if (self.tone !== "good") return { tone: self.tone, text: self.state };
  const unwell = hosts.filter(({ tone }) => tone === "bad" || tone === "warn").length;
  if (unwell > 0) return { tone: "warn", text: `${plural(unwell, "host")} to look at` };
  if (count("warn") > 0) return { tone: "warn", text: plural(count("warn"), "warning") };
  // nothing is green where no other host says how it is
  return isAlone && hosts.length > 1 ? { tone: "calm", text: "well here" } : { tone: "good", text: "well" };
}

export const plural = (count, word) => `${count} ${word}${count === 1 ? "" : "s"}`;

/** Short, since a tab shows some 20 characters: what is wrong comes first. */
function titleOf({ isCurrent, hostName, overall, groups }) {
  if (!isCurrent) return `? ${hostName}: not known`;
  const owned = groups.filter(({ owner }) => owner?.isSelf).length;
  const mark = overall.tone === "good" || overall.tone === "calm" ? "" : "! ";
  return `${mark}${hostName}: ${overall.text}, owns ${owned} of ${groups.length}`;
}

/** The same problem of several hosts is one. */
function problemList(members) {
  const problems = members.flatMap(({ host, problems }) => problems.map((problem) => ({ ...problem, host })));
  const alike = Map.groupBy(problems, ({ part, code, message }) => JSON.stringify([part, code, message]));
  return [...alike.values()]
    .map((same) => ({ ...same[0], hosts: same.map(({ host }) => host), host: undefined }))
    .toSorted((one, other) => (one.part === "advice" ? 1 : 0) - (other.part === "advice" ? 1 : 0));
}

/** Why only this host's own data is there: the first reason that another host gave. */
function closedWhy({ members, isOwnOnly }, { agent }) {
  if (isOwnOnly) return undefined;
  const silent = members.filter(({ isSelf }) => !isSelf);
  return {
    count: silent.length,
    why: silent.find(({ why }) => why !== undefined)?.why,
    version: agent.version,
  };
}
