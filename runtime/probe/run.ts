import type { PolicySet } from "../model/policy.ts";
import type { Entrance } from "../proxy/send-request.ts";
import {
  type Attempt,
  markHeaders,
  type Marks,
  markTarget,
  plainAttempt,
  requestBytes,
  type Shot,
  type Wire,
} from "./attempt.ts";
import type { Ear } from "./ear.ts";
import { framingAttempts } from "./framing-tricks.ts";
import { headerAttempts } from "./header-tricks.ts";
import { findingOf, judge, type Judged, type Made } from "./judge.ts";
import { inPace, pause } from "./pace.ts";
import { pathAttempts } from "./path-tricks.ts";
import { protocolAttempts } from "./protocol-tricks.ts";
import { foundOutcomes, type PlainVerdict, type ProbeFinding, type ProbeReport } from "./report.ts";
import { type SendOptions, sendWire } from "./send.ts";
import { deriveTargets, type Target, trustedIdentity } from "./targets.ts";
import type { Callee, WayIn } from "./ways-in.ts";

export interface ProbePlan {
  readonly callee: Callee;
  readonly ways: readonly WayIn[];
  /** Straight into the programs, past every sidecar: shows whether their log tells what they receive. */
  readonly control: readonly Entrance[];
  /** Policies of the callee. */
  readonly policies: PolicySet;
  /** Named by hand; undefined: whatever the policies speak of. */
  readonly target: { readonly method: string; readonly path: string } | undefined;
  /** Callers that were named: that they are refused is expected. */
  readonly named: readonly string[];
  /** Host and port by which callers name the callee. */
  readonly authority: string;
  /** Of the callee itself, for when no policy names anybody. */
  readonly identity: string;
  readonly perSecond: number;
  /** Take the application's answers for its log. */
  readonly echo: boolean;
  /** Hexadecimal; part of every marker. */
  readonly run: string;
}

export interface ProbeTools extends SendOptions {
  readonly signal: AbortSignal;
  readonly ear: Ear;
}

interface Trial {
  readonly way: WayIn;
  readonly target: Target;
  readonly attempt: Attempt;
  readonly open: string;
}

interface Result {
  readonly made: Made;
  readonly judged: Judged;
}

/** What a program is asked for to see whether it logs; nobody serves it. */
const controlPath = "/meshdev-probe-control";
const atOnce = 16;
/** A program may write its log late. */
const logPatienceMs = 2_000;
/** The data plane tells events in batches. */
const eventsMs = 100;
/** Where nothing can be put into a program past its sidecar, its log is given this long. */
const lateMs = 500;

/** Finds the markers of one run. */
export function markerPattern(run: string): RegExp {
  return new RegExp(`md[po]${run}-\\d{5}`, "g");
}

/**
 * Asks for what is denied as it is, then in every way that is known to get around policies, by every way in. What reached the
 * application is said by the application's own log.
 */
export async function runProbe(plan: ProbePlan, tools: ProbeTools): Promise<ProbeReport> {
  const marksOf = createMarks(plan.run);
  const derived = deriveTargets(plan.policies);
  const targets: readonly Target[] = plan.target === undefined ? derived : [{ ...plan.target, rule: null }];
  const doors = [
    ...derived,
    { method: "GET", path: controlPath, rule: null },
    { method: "GET", path: "/", rule: null },
  ];
  const isHeard = await sendControls();

  // First as it is: what is refused to whom, and which paths are open to them.
  const asked = [...targets, ...doors.filter((door) => !targets.some((target) => isSame(target, door)))];
  const plain = await make(
    plan.ways.flatMap((way) =>
      asked.map((target) => ({ way, target, attempt: plainAttempt(shotOf(target, controlPath)), open: "" })),
    ),
  );
  const verdicts = plain.filter(({ made }) => targets.includes(made.target));
  const refused = verdicts.filter(isRefused);
  const denied = new Set(refused.map(({ made }) => made.target));

  const tried = await make(
    refused
      .filter(({ made }) => made.way.way !== "application")
      .flatMap(({ made: { way, target } }) => {
        const open = openPath(plain, way);
        return attemptsAt(shotOf(target, open)).map((attempt) => ({ way, target, attempt, open }));
      }),
  );
  const findings = [
    ...verdicts.flatMap((result) => openDoor(result, plan, denied)),
    ...tried.flatMap(({ made, judged }) => findingOf(made, judged) ?? []),
  ].toSorted((a, b) => badness(a) - badness(b));
  const count = (outcome: ProbeFinding["outcome"]): number =>
    findings.filter((finding) => finding.outcome === outcome).length;
  return {
    service: plan.callee.service.hostname,
    port: plan.callee.port.port,
    canTell: isHeard || (plan.control.length === 0 && [...plain, ...tried].some(isTold)),
    plain: verdicts.map(plainVerdict),
    findings,
    counts: {
      sent: plain.length + tried.length,
      hit: count("hit"),
      unverified: count("unverified"),
      reached: count("reached"),
      allowed: tried.filter(({ judged }) => judged.outcome === "allowed").length,
      refused: refused.length + tried.filter(isRefused).length,
    },
    lostEvents: tools.ear.lost(),
  };

  function shotOf({ method, path }: Target, open: string): Shot {
    const trusted = trustedIdentity(plan.policies) ?? plan.identity;
    return { method, path, open, authority: plan.authority, trusted };
  }

  /** Makes attempts, and waits until the log has caught up with them. */
  async function make(trials: readonly Trial[]): Promise<readonly Result[]> {
    const pace = { perSecond: plan.perSecond, atOnce };
    const made = await inPace(trials, pace, tools, async (trial) => {
      const marks = marksOf();
      return { ...trial, marks, answer: await sendWire(trial.way.entrance, trial.attempt.write(marks), tools) };
    });
    // What comes behind everything else: once it is logged, all before it is.
    if (isHeard && !plan.echo) await sendControls();
    await pause(tools.clock, plan.control.length === 0 ? lateMs : eventsMs);
    return made.map((each) => ({ made: each, judged: judge(each, tools.ear, plan.echo) }));
  }

  async function sendControls(): Promise<boolean> {
    const heard = await Promise.all(
      plan.control.map(async (entrance) => {
        const marks = marksOf();
        const { body } = await sendWire(entrance, controlWire(plan, marks), tools);
        if (plan.echo) return body.includes(marks.marker);
        return await tools.ear.wait(marks.marker, logPatienceMs);
      }),
    );
    return heard.length > 0 && heard.every(Boolean);
  }
}

/** A request that nobody serves, in the version that the programs of the callee speak. */
function controlWire({ authority, callee }: ProbePlan, { marker }: Marks): Wire {
  if (!["http2", "grpc"].includes(callee.port.protocol)) {
    const shot = { method: "GET", path: controlPath, open: controlPath, authority, trusted: "" };
    return { kind: "bytes", bytes: requestBytes(shot, marker) };
  }
  const target = markTarget(controlPath, marker);
  return { kind: "http2", method: "GET", target, authority, headers: markHeaders(marker) };
}

/** Every trick that is known, for one denied resource. */
function attemptsAt(shot: Shot): readonly Attempt[] {
  return [...pathAttempts(shot), ...headerAttempts(shot), ...framingAttempts(shot), ...protocolAttempts(shot)];
}

function createMarks(run: string): () => Marks {
  let count = 0;
  return () => {
    const number = String(++count).padStart(5, "0");
    return { marker: `mdp${run}-${number}`, outer: `mdo${run}-${number}` };
  };
}

/** Worst first; of one outcome those first that were answered like something that is served. */
function badness({ outcome, status }: ProbeFinding): number {
  return 2 * foundOutcomes.indexOf(outcome) + (status !== null && status < 400 ? 0 : 1);
}

function isSame(a: Target, b: Target): boolean {
  return a.method === b.method && a.path === b.path;
}

/** Whether the application itself told of it. */
function isTold({ judged: { outcome } }: Result): boolean {
  return outcome === "hit" || outcome === "reached" || outcome === "allowed";
}

function isRefused({ judged }: Result): boolean {
  return judged.outcome === "refused";
}

/** A path that is open on this way, best one that says something of the policies. */
function openPath(plain: readonly Result[], way: WayIn): string {
  const open = plain.find(
    (result) => result.made.way === way && result.made.target.method === "GET" && !isRefused(result),
  );
  return open?.made.target.path ?? controlPath;
}

/**
 * What is open as it is, where that is a finding: to somebody who was named, to all where a resource was named, and what is refused to
 * some but open to whoever does not say who he is.
 */
function openDoor({ made, judged }: Result, plan: ProbePlan, denied: ReadonlySet<Target>): readonly ProbeFinding[] {
  const { caller, way } = made.way;
  const finding = findingOf(made, judged);
  if (finding === undefined) return [];
  if (caller === null && denied.has(made.target))
    return [
      { ...finding, technique: "bypass", name: way === "application" ? "past its sidecar" : "without an identity" },
    ];
  const isExpected = plan.target !== undefined && (!denied.has(made.target) || plan.named.includes(caller ?? ""));
  return isExpected ? [finding] : [];
}

function plainVerdict({ made: { way, target, answer }, judged }: Result): PlainVerdict {
  const { caller, way: kind, to } = way;
  const verdicts = {
    hit: "open",
    reached: "open",
    allowed: "open",
    unverified: "unverified",
    refused: "refused",
  } as const;
  return { caller, way: kind, to, target, verdict: verdicts[judged.outcome], status: answer.statuses[0] ?? null };
}
