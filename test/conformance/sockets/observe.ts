import type { MeshEvent } from "../../../runtime/model/event.ts";
import type { Answer, HttpAnswer } from "../../../runtime/predict/payload.ts";
import type { Hit } from "../../../runtime/predict/trace.ts";
import type { CaseRequest, ExpectedRequest } from "../case.ts";
import { withoutStrays } from "../strays.ts";
import type { Certificates } from "./certificates.ts";
import type { Seen } from "./client.ts";
import type { EchoApps } from "./echo-app.ts";
import { factsOf, isHandshake, type Told } from "./facts.ts";
import type { Scene } from "./scene.ts";

/**
 * What the proxies told of the request, once all that was recorded is there; more is waited for in vain, and that shows. When what
 * is left without its neighbours' is there, a short silence is enough.
 */
export async function collect(
  scene: Scene,
  request: CaseRequest,
  expected: ExpectedRequest | undefined,
  hits: Hit[],
): Promise<Told> {
  const all = amountOf(expected);
  const least = amountOf(expected && withoutStrays(request, expected, scene.strays, { hits: 0, logs: () => 0 }));
  const events: MeshEvent[] = [];
  for (let waited = 0, quiet = 0; ; waited += 5) {
    const fresh = await scene.world.takeEvents();
    for (const event of fresh) if (isHandshake(event)) scene.handshakes.set(event.id, event);
    events.push(...fresh);
    hits.push(...scene.apps.takeHits().map((hit) => withoutHash(scene.certificates, hit)));
    const told = factsOf(events, scene.handshakes, scene.world.snapshots());
    const has = (amount: Amount): boolean =>
      told.proxies.length >= amount.logs && told.failures.length >= amount.failures && hits.length >= amount.hits;
    quiet = fresh.length > 0 ? 0 : quiet + 5;
    if (has(all) || (has(least) && quiet > quietMs) || waited > maxWaitMs) return told;
    // A connection that sidecars keep for later is told when it ends: the recordings' applications ended them.
    if (waited === patientMs && !has(least)) scene.apps.hangUp();
    await new Promise((done) => {
      setTimeout(done, 5);
    });
  }
}

interface Amount {
  readonly logs: number;
  readonly failures: number;
  readonly hits: number;
}

function amountOf(expected: ExpectedRequest | undefined): Amount {
  const proxies = expected?.proxies ?? [];
  const refused = proxies.filter((each) => each["downstreamTlsFailure"] !== undefined);
  return {
    logs:
      proxies.filter((each) => each["log"] === "access").length -
      refused.filter((each) => each["log"] === "access").length,
    failures: refused.length > 0 ? 1 : 0,
    hits: expected?.upstream.length ?? 0,
  };
}

const quietMs = 60;
const maxWaitMs = 2000;
const patientMs = 50;

/** Replaces the hash of a forwarded certificate by the recordings' placeholder when it is the one of the certificate that is named beside it. */
function withoutHash(certificates: Certificates, hit: Hit): Hit {
  if (hit.headers === undefined) return hit;
  const headers = hit.headers.map(([name, value]): readonly [string, string] => [
    name,
    name === "x-forwarded-client-cert"
      ? value.replaceAll(/Hash=([0-9a-f]{64})(?=([^,]*))/g, (whole, hash: string, rest: string) => {
          const known = certificates.nameOf(hash);
          const isNamed = /(?:URI|DNS)=/.test(rest);
          return known !== undefined && (!isNamed || rest.includes(`URI=${known}`) || rest.includes(`DNS=${known}`))
            ? "Hash=<sha256>"
            : whole;
        })
      : value,
  ]);
  return { ...hit, headers };
}

/** The answer in the words of a recording: the echo's own body has a name, and a close that our event explains was a refusal. */
export function settled(apps: EchoApps, { answer }: Seen, told: Told): Answer {
  if (answer.kind === "http") return named(apps, answer);
  if (answer.kind === "bytes") return { ...answer, text: asRecorded(answer.text) };
  if (answer.kind !== "closed" || answer.tls === undefined) return answer;
  const failure = told.failures.find(({ side }) => side === "server")?.failure;
  if (failure === undefined || failure === null || failure.alert === null) return answer;
  return {
    kind: "tls-failed",
    by: "server",
    alert: failure.alert,
    late: true,
    text: failure.reason,
    session: answer.tls,
  };
}

/** Of a server that speaks first a recording holds who greeted, and not what came behind. */
function asRecorded(text: string): string {
  const greeting = /^(\{"workload":"[^"]*"),"port":\d+,"greeting":"[^"]*"\}\n/.exec(text)?.[1];
  return greeting === undefined ? text : `${greeting}}`;
}

function named(apps: EchoApps, answer: HttpAnswer): HttpAnswer {
  const more = answer.more?.map((each) => named(apps, each));
  const body = apps.isEcho(answer.body) ? "<echo>" : answer.body;
  return { ...answer, body, ...(more === undefined ? {} : { more }) };
}
