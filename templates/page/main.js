// The page while it is open: it hears the agent, asks for the other hosts while somebody looks, and draws.

import { sayEvent, showAgent } from "./agent.js";
import { byId, refreshDurations } from "./dom.js";
import { CLUSTER_MS, elapsedMs, momentNow, phaseOf, pollMs } from "./freshness.js";
import { showGroups } from "./groups.js";
import { showHosts, showNotice } from "./hosts.js";
import { ownCluster, withOwnNews } from "./own-cluster.js";
import { createPoll } from "./poll.js";
import { showProblems } from "./problems.js";
import { copyText, reportText } from "./report.js";
import { showMoreStory, showStory } from "./story.js";
import { viewOf } from "./view.js";

const TICK_MS = 1_000;
/** A connection that is broken or silent is opened anew this often. */
const RECONNECT_MS = 10_000;
/** The journals of all hosts are asked for this often, and soon after each change. */
const TIMELINE_MS = 15_000;

const connection = { opened: momentNow(), heard: undefined, heardAt: undefined, isBroken: false };
let events;
let status;
let version;
let cluster;
let timeline = { lines: [], hosts: [] };
let view;

/** Many changes at once are drawn once. */
let isDrawing = false;
function redraw() {
  if (isDrawing) return;
  isDrawing = true;
  setTimeout(() => {
    isDrawing = false;
    draw();
  });
}

function draw() {
  const now = momentNow();
  const phase = phaseOf(connection, now);
  showPhase(phase);
  if (status === undefined) return;
  // of what is not current, only names and links are shown: they lead to a host that answers
  const isUsable = cluster !== undefined && (phase === "lost" || elapsedMs(cluster.heard, now) <= CLUSTER_MS);
  const current = isUsable ? cluster.answer : undefined;
  view = viewOf({ status, cluster: current, phase });
  const { members } = current === undefined ? ownCluster(status) : withOwnNews(current, status);
  const filter = byId("filter").value.trim().toLowerCase();
  const several = members.length > 1;
  byId("host").textContent = view.hostName;
  byId("overall").className = `badge ${view.overall.tone}`;
  byId("overall").textContent = view.overall.text;
  document.title = view.title;
  setTone(phase === "lost" ? "lost" : view.overall.tone);
  showNotice(view);
  showProblems(view);
  showGroups(view, { status, members, filter, redraw });
  showHosts(view);
  showStory(timeline, { filter, onlyMoves: byId("only-moves").checked, several });
  showAgent(status, phase === "live");
  sayEvent(phase === "live" ? status.lastEvent : undefined);
}

const LINK_WORDS = { live: "live", connecting: "waiting for the agent", lost: "" };

/** Says whether the page is live; where it is not, since when. */
function showPhase(phase) {
  byId("link").textContent = LINK_WORDS[phase];
  byId("lost").hidden = phase !== "lost";
  if (phase === "lost") {
    const since = connection.heardAt === undefined ? "" : ` since ${connection.heardAt.slice(11, 19)} UTC`;
    const text = `Nothing heard from the agent${since}. Its state and its VIPs are not known. Trying again.`;
    // it is read aloud once
    if (byId("lost").textContent !== text) byId("lost").textContent = text;
  }
  if (status !== undefined) return;
  const isLost = phase === "lost";
  document.title = isLost ? "? rancher-keepalived: not known" : "rancher-keepalived";
  byId("overall").textContent = isLost ? "not known" : "connecting";
  setTone(isLost ? "lost" : "unknown");
}

const ICON_COLOURS = {
  good: "%230f5f34",
  calm: "%231a5590",
  warn: "%23c77700",
  bad: "%23c4181f",
  lost: "%23c4181f",
  unknown: "%23808b95",
};

/** The colour of the head, and of the icon in the browser's tab. */
function setTone(tone) {
  if (document.body.className === `is-${tone}`) return;
  document.body.className = `is-${tone}`;
  const isOpenRing = tone === "lost" || tone === "unknown";
  const shape = isOpenRing
    ? `fill='none' stroke='${ICON_COLOURS[tone]}' stroke-width='3'`
    : `fill='${ICON_COLOURS[tone]}'`;
  byId("icon").href =
    `data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Ccircle cx='8' cy='8' r='6' ${shape}/%3E%3C/svg%3E`;
}

function noteHeard() {
  connection.heard = momentNow();
  connection.heardAt = new Date().toISOString();
  connection.isBroken = false;
}

function connect() {
  events?.close();
  connection.lastTry = momentNow();
  // what was asked over a broken connection is not answered any more
  for (const poll of [clusterPoll, timelinePoll]) poll.cancel();
  const opened = new EventSource("events");
  events = opened;
  opened.addEventListener("status", ({ data }) => {
    const isOther = status === undefined || ownersIn(JSON.parse(data)) !== ownersIn(status);
    status = JSON.parse(data);
    noteHeard();
    // another version of the agent has another page
    version ??= status.agent.version;
    if (version !== status.agent.version) return location.reload();
    if (isOther) {
      clusterPoll.soon();
      timelinePoll.soon();
    }
    redraw();
  });
  opened.addEventListener("journal", () => {
    noteHeard();
    timelinePoll.soon();
    redraw();
  });
  opened.addEventListener("alive", () => {
    noteHeard();
    redraw();
  });
  opened.addEventListener("error", () => {
    if (events !== opened) return;
    connection.isBroken = true;
    redraw();
  });
}

const ownersIn = ({ instances }) =>
  JSON.stringify(instances.map(({ name, state, owner }) => [name, state, owner?.address]));

const clusterPoll = createPoll(
  "cluster",
  () => pollMs(cluster?.answer.members.length ?? 0),
  (answer) => {
    if (answer !== undefined) cluster = { answer, heard: momentNow() };
    redraw();
  },
);
const timelinePoll = createPoll(
  "timeline",
  () => TIMELINE_MS,
  (answer) => {
    timeline = answer ?? timeline;
    redraw();
  },
);

document.addEventListener("visibilitychange", () => {
  if (document.visibilityState !== "visible") return;
  clusterPoll.ask();
  timelinePoll.ask();
  redraw();
});
byId("filter").value = new URLSearchParams(location.search).get("filter") ?? "";
byId("filter").addEventListener("input", ({ target }) => {
  const query = target.value === "" ? "" : `?${new URLSearchParams({ filter: target.value })}`;
  history.replaceState(null, "", `${location.pathname}${query}`);
  redraw();
});
byId("only-moves").addEventListener("change", redraw);
byId("more").addEventListener("click", () => {
  showMoreStory();
  redraw();
});
byId("copy").addEventListener("click", async ({ target }) => {
  if (view === undefined) return;
  const isCopied = await copyText(reportText(view, timeline.lines, new Date().toISOString()));
  target.textContent = isCopied ? "Copied" : "Not allowed here";
  setTimeout(() => {
    target.textContent = "Copy report";
  }, 2_000);
});
setInterval(() => {
  const now = momentNow();
  refreshDurations(document);
  if (phaseOf(connection, now) === "lost") {
    redraw();
    if (elapsedMs(connection.lastTry, now) > RECONNECT_MS) connect();
  }
}, TICK_MS);
connect();
clusterPoll.ask();
timelinePoll.ask();
