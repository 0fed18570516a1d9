import { encodeProxyV2 } from "../../../runtime/wire/proxy-v2.ts";
import { until, type Project } from "../../e2e/support/project.ts";
import { openTerminal, whyNoTerminal } from "../../e2e/support/terminal.ts";
import type { Entry } from "../load/order.ts";
import { rolesOf } from "../roles.ts";
import type { Shape } from "../shape.ts";
import type { Chain, Variant } from "./chain.ts";
import { createMesh, crowdedServices, manyPolicies, ports, usualServices, type Guarded } from "./meshdev-mesh.ts";
import { kindOf } from "./site.ts";

/** A real mesh, started by the built CLI: daemon, data plane, hooked programs. */
interface Mesh<Service extends string> extends AsyncDisposable {
  readonly project: Project;
  /** The data plane alone: it is both proxies. */
  readonly proxies: () => readonly number[];
  readonly entry: (service: Service, shape: Pick<Shape, "protocol">) => Entry;
}

/** Two meshes: the usual one, and one whose services carry very many policies, beside an equal one with a single policy. */
export async function openMeshdev(): Promise<Chain | string> {
  await using stack = new AsyncDisposableStack();
  const usual = stack.use(await startMesh(usualServices));
  const crowded = stack.use(await startMesh(crowdedServices));
  const variant = <Service extends string>(
    name: string,
    mesh: Mesh<Service>,
    services: Readonly<Record<Service, Guarded>>,
    service: Service,
  ): Variant => ({
    name: `meshdev, ${name}`,
    authorization: services[service].authorization,
    tui: "detached",
    proxies: mesh.proxies,
    entry: mesh.entry(service, { protocol: "http/1.1" }),
    prepare: () => Promise.resolve(new AsyncDisposableStack()),
  });
  const attached: Variant = {
    ...variant("TUI attached", usual, usualServices, "backend"),
    tui: "attached",
    prepare: () => attach(usual.project),
  };
  const owned = stack.move();
  return {
    name: "meshdev",
    authorization: usualServices.backend.authorization,
    proxies: usual.proxies,
    entry: (shape) => usual.entry("backend", shape),
    variants: [
      ...(whyNoTerminal() === undefined ? [attached] : []),
      variant("no policy", usual, usualServices, "open"),
      variant("1 policy", crowded, crowdedServices, "one"),
      variant(`${manyPolicies} policies by identity`, crowded, crowdedServices, "by-identity"),
      variant(`${manyPolicies} policies by path`, crowded, crowdedServices, "by-path"),
    ],
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function startMesh<Service extends string>(services: Readonly<Record<Service, Guarded>>): Promise<Mesh<Service>> {
  const project = createMesh(services);
  try {
    const up = await project.meshdev("up", "-d");
    if (up.code !== 0) throw new Error(up.stderr);
    const hook = await until("the caller's program", () => readHook(project));
    const { dataPlane } = await rolesOf(project);
    return {
      project,
      proxies: () => [dataPlane],
      entry: (service, shape) => entryOf(hook, service, ports[kindOf(shape)]),
      [Symbol.asyncDispose]: () => project[Symbol.asyncDispose](),
    };
  } catch (error) {
    await project[Symbol.asyncDispose]();
    throw error;
  }
}

/** What the hook of a captured program is told. */
interface Hook {
  readonly address: string;
  readonly outbound: string;
  readonly names: Readonly<Record<string, readonly string[]>>;
}

function readHook(project: Project): Hook | undefined {
  try {
    return JSON.parse(project.read("hook.json")) as Hook;
  } catch {
    return undefined;
  }
}

/** The caller's outbound socket and the header that its hook sends before a program's first byte; its source port is only for logs. */
function entryOf(hook: Hook, service: string, port: number): Entry {
  const address = hook.names[`${service}.default.svc.cluster.local`]?.[0];
  const header =
    address === undefined
      ? undefined
      : encodeProxyV2({ source: { address: hook.address, port: 40_000 }, destination: { address, port } });
  if (header === undefined) throw new Error(`no address of ${service}`);
  return { path: hook.outbound, preamble: header.toString("base64"), authority: `${service}:${port}` };
}

/** The terminal UI in a real pseudo-terminal on the traffic view, and a subscriber to all events beside it. */
async function attach(project: Project): Promise<AsyncDisposable> {
  const terminal = openTerminal(project, 160, 48, ["attach"]);
  const subscriber = project.start("events", "-o", "ndjson");
  subscriber.stdout?.resume();
  subscriber.stderr?.resume();
  await terminal.shows(/Traffic/);
  terminal.press("2");
  return {
    [Symbol.asyncDispose]: async () => {
      terminal[Symbol.dispose]();
      const exit = new Promise((done) => subscriber.once("exit", done));
      subscriber.kill("SIGTERM");
      await exit;
    },
  };
}
