/** What `%COMMAND%` in a header value may ask for (spec traffic 2.7.4). Addresses are `ip:port`. */
export interface FormatFacts {
  readonly request: (name: string) => string | undefined;
  readonly response?: (name: string) => string | undefined;
  readonly downstreamRemoteAddress: string;
  readonly downstreamLocalAddress: string;
  readonly upstreamHost?: string;
  readonly protocol: string;
  readonly routeName: string;
  readonly upstreamCluster: string;
}

export type HeaderFormat = (facts: FormatFacts) => string;

const command = /%(?:%|([A-Z_0-9]+)(?:\(([^)]*)\))?(?::(\d+))?%)/g;

/** Compiles a header value: `%%` is a percent sign, a value that is missing is empty. */
export function bindHeaderFormat(text: string): HeaderFormat {
  if (!text.includes("%")) return () => text;
  const parts: (string | HeaderFormat)[] = [];
  let from = 0;
  for (const match of text.matchAll(command)) {
    parts.push(text.slice(from, match.index));
    from = match.index + match[0].length;
    const [, name, argument, limit] = match;
    if (name === undefined) parts.push("%");
    else {
      const read = bindCommand(name, argument ?? "");
      parts.push(limit === undefined ? read : (facts) => read(facts).slice(0, Number(limit)));
    }
  }
  parts.push(text.slice(from));
  return (facts) => parts.map((part) => (typeof part === "string" ? part : part(facts))).join("");
}

function bindCommand(name: string, argument: string): HeaderFormat {
  switch (name) {
    case "REQ":
      return bindHeaderLookup(argument, (facts) => facts.request);
    case "RESP":
      return bindHeaderLookup(argument, (facts) => facts.response);
    case "DOWNSTREAM_REMOTE_ADDRESS":
    case "DOWNSTREAM_DIRECT_REMOTE_ADDRESS":
      return (facts) => facts.downstreamRemoteAddress;
    case "DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT":
    case "DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT":
      return (facts) => splitAddress(facts.downstreamRemoteAddress)[0];
    case "DOWNSTREAM_REMOTE_PORT":
      return (facts) => splitAddress(facts.downstreamRemoteAddress)[1];
    case "DOWNSTREAM_LOCAL_ADDRESS":
      return (facts) => facts.downstreamLocalAddress;
    case "DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT":
      return (facts) => splitAddress(facts.downstreamLocalAddress)[0];
    case "DOWNSTREAM_LOCAL_PORT":
      return (facts) => splitAddress(facts.downstreamLocalAddress)[1];
    case "UPSTREAM_HOST":
    case "UPSTREAM_REMOTE_ADDRESS":
      return (facts) => facts.upstreamHost ?? "";
    case "PROTOCOL":
      return (facts) => facts.protocol;
    case "ROUTE_NAME":
      return (facts) => facts.routeName;
    case "UPSTREAM_CLUSTER":
    case "UPSTREAM_CLUSTER_RAW":
      return (facts) => facts.upstreamCluster;
    default:
      return () => "";
  }
}

/** `A?B`: the second name is used when the first header is absent. */
function bindHeaderLookup(
  argument: string,
  pick: (facts: FormatFacts) => ((name: string) => string | undefined) | undefined,
): HeaderFormat {
  const [first = "", second] = argument.toLowerCase().split("?");
  return (facts) => {
    const read = pick(facts);
    return read?.(first) ?? (second === undefined ? undefined : read?.(second)) ?? "";
  };
}

function splitAddress(address: string): readonly [host: string, port: string] {
  const colon = address.lastIndexOf(":");
  return colon === -1 ? [address, ""] : [address.slice(0, colon), address.slice(colon + 1)];
}
