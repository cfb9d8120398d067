// The cluster as this host alone knows it, in the shape of /cluster: until that has answered, and where it does not.

/** Metadata and the wire are all that is known of the other hosts. */
export function ownCluster(status) {
  const { host, health, members, agent } = status;
  const self = {
    host: host?.name ?? "this host",
    uuid: host?.uuid ?? "",
    isSelf: true,
    reach: "answers",
    version: agent.version,
    drained: health.some(({ isDrained }) => isDrained),
    problems: problemsOf(status),
    groups: groupNames(status).map((name) => ownGroup(name, status)),
  };
  const others = members.map(({ host, uuid, addresses, presence }) => {
    return {
      host,
      uuid,
      address: addresses[0],
      isSelf: false,
      reach: "not-asked",
      metadata: presence,
      drained: false,
      problems: [],
      groups: [],
    };
  });
  const groups = self.groups.map(({ name, vips, owner, noOwner, since }) => {
    const spares = [self, ...others]
      .filter(({ uuid }) => uuid !== owner?.uuid)
      .map((member) => spareOf(member, name));
    return { name, vips, owner, noOwner, since: owner?.since ?? noOwner?.since ?? since, spares };
  });
  return { members: [self, ...others], groups, isOwnOnly: true };
}

/** The answer of /cluster with what this host has told since: its own groups, and the owners that it hears. */
export function withOwnNews(cluster, status) {
  const own = ownCluster(status);
  const [self] = own.members;
  const members = cluster.members.map((member) =>
    member.isSelf ? { ...member, groups: self.groups, problems: self.problems } : member,
  );
  const groups = cluster.groups.map((group) => {
    const news = own.groups.find(({ name }) => name === group.name);
    if (news === undefined || isSameOwner(group.owner, news.owner)) return group;
    // who can take over is of the time before: it comes with the next answer
    return {
      ...group,
      owner: news.owner,
      noOwner: news.noOwner,
      since: news.since,
      spares: group.spares.filter(({ uuid }) => uuid !== news.owner?.uuid),
      trouble: undefined,
    };
  });
  const missing = own.groups.filter(({ name }) => groups.every((group) => group.name !== name));
  return { ...cluster, members, groups: [...groups, ...missing] };
}

function isSameOwner(one, other) {
  return one?.address === other?.address && one?.uuid === other?.uuid;
}

export function groupNames({ instances, health }) {
  return [...new Set([...instances.map(({ name }) => name), ...health.map(({ group }) => group)])];
}

function ownGroup(name, { host, instances, health }) {
  const instance = instances.find((each) => each.name === name);
  const ofGroup = health.find(({ group }) => group === name);
  const { state = "INACTIVE", since, priority, vips = [], owner, noOwner } = instance ?? {};
  return {
    name,
    state,
    since,
    priority,
    vips,
    isHealthy: ofGroup?.isHealthy,
    drainedBy: ofGroup?.drainedBy,
    heldBy: ofGroup?.heldBy,
    checks: ofGroup?.checks ?? [],
    reasons: reasonsOf(state, ofGroup),
    owner:
      owner ?? (state === "MASTER" ? { host: host?.name, uuid: host?.uuid, isSelf: true, since } : undefined),
    noOwner,
  };
}

/** Why this host cannot own the VIPs now. */
function reasonsOf(state, { isHealthy = true, drainedBy, heldBy, checks = [] } = {}) {
  if (state === "INACTIVE") return ["its settings are refused"];
  if (drainedBy !== undefined) return [`drained by ${drainedBy}`];
  if (heldBy !== undefined) return [`held back: ${heldBy}`];
  if (!isHealthy)
    return checks
      .filter(({ verdict }) => verdict !== "healthy")
      .map(({ name, reason }) => `${name}: ${reason}`);
  return state === "MASTER" || state === "BACKUP" ? [] : [state];
}

/** What metadata says about a host, in the words of the command `status`. */
export const PRESENCES = {
  running: "its container runs",
  starting: "its container starts",
  disconnected: "Rancher cannot reach it",
  missing: "no running container",
};

function spareOf({ host, uuid, isSelf, metadata, groups }, name) {
  if (!isSelf && metadata === "running") return { host, uuid };
  if (!isSelf) return { host, uuid, canTakeOver: false, why: PRESENCES[metadata] };
  const { state, reasons } = groups.find((group) => group.name === name);
  const can = state === "BACKUP" && reasons.length === 0;
  return { host, uuid, canTakeOver: can, why: can ? undefined : reasons.join(", ") };
}

/** All that the status names as wrong, in one shape. */
export function problemsOf({ contradictions, splitBrain, problems }) {
  return [
    ...splitBrain.map(({ group, cause, text, hint, since }) => ({
      part: "split-brain",
      code: cause,
      message: `${group}: ${text}`,
      hint,
      since,
      group,
    })),
    ...contradictions.map(({ text, since, isLasting }) => ({
      part: "contradiction",
      message: text,
      since,
      isBrief: !isLasting,
    })),
    ...problems,
  ];
}
