import type { CodeTable } from "./table.ts";

/** MD7xxx: sessions, the daemon, the control API. A number is never reused; a retired one stays, marked so. */
export const controlCodes = {
  MD7001: {
    title: "No mesh is running here",
    why: "No daemon answers for this project folder.",
    next: "Start it with `meshdev up`, or name the folder with -C.",
  },
  MD7002: {
    title: "The mesh does not answer",
    why: "The daemon's control socket refused the connection or broke it: it was stopped or killed a moment ago.",
    next: "Look with `meshdev ps`; start again with `meshdev up`.",
  },
  MD7003: {
    title: "The mesh refused a command",
    why: "The daemon did not understand the command, or it makes no sense now.",
    next: "Check the names with `meshdev ps`; use the same version of meshdev that started the mesh.",
  },
  MD7004: {
    title: "The daemon could not start",
    why: "It ended before it was ready to be asked anything.",
    next: "The message above has the end of its log; report it if it looks like a fault of meshdev.",
  },
  MD7005: {
    title: "A mesh is already running here",
    why: "One project folder has one mesh at a time.",
    next: "Attach with `meshdev attach`, or stop it with `meshdev down`.",
  },
  MD7006: {
    title: "No service of that name",
    why: "A command named a service that the project file does not declare.",
    next: "`meshdev ps` lists the services.",
  },
  MD7007: {
    title: "No range of loopback addresses is free",
    why: "Every mesh needs its own 127.x.0.0/16, and all of them are taken.",
    next: "Stop meshes that you do not need: `meshdev ls` lists them.",
  },
  MD7008: {
    title: "A sidecar has not applied the configuration",
    why: "It refused it, or has been silent for two seconds; it keeps its last one.",
    next: "Mend what the message names and save again. `meshdev ps -o wide` shows which generation each sidecar runs.",
  },
  MD7009: {
    title: "The data plane was replaced",
    why: "Its process died or hung; connections that were open are gone, new ones are served by the next process.",
    next: "Nothing, when it happened once. When it repeats, the log in the session folder says why.",
  },
  MD7010: {
    title: "Keys of tokens cannot be fetched",
    why: "A RequestAuthentication names a URL that gives no JWK set now. Without keys every token of the rule is refused (401), as in Istio; requests without a token pass. Keys that came before stay in use.",
    next: "Check the URL; it is tried again by itself, also when a program of the mesh becomes ready.",
  },
  MD7011: {
    title: "A request could not be sent again",
    why: "Its record or its body is no longer kept, its sidecar is gone, or it became a tunnel.",
    next: "Choose a newer request. Bodies up to 256 kB are kept while somebody watches.",
  },
} as const satisfies CodeTable<`MD7${string}`>;
