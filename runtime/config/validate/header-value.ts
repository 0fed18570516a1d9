type State = "literal" | "name" | "arguments" | "text" | "quoted" | "delimiter" | "close" | "end";

/**
 * Why Istio refuses the value of a header that Envoy formats: `%NAME%` and `%NAME(["argument"])%` are replaced, `%%` is a percent sign
 * (spec traffic 2.7.4). Names are not judged.
 */
export function headerValueFault(value: string): string | undefined {
  // eslint-disable-next-line no-control-regex
  if (/[\u0000-\u0008\u000a-\u001f\u007f]/.test(value)) return `header value configuration ${value} is invalid`;
  const fault = formatFault(value);
  return fault === undefined ? undefined : `header value configuration: invalid header configuration. ${fault}`;
}

function formatFault(value: string): string | undefined {
  let state: State = "literal";
  for (let at = 0; at < value.length; at++) {
    const character = value[at] ?? "";
    const isLast = at === value.length - 1;
    switch (state) {
      case "literal":
        if (character !== "%") break;
        if (isLast) return "Un-escaped %";
        if (value[at + 1] === "%") at += 1;
        else state = "name";
        break;
      case "name":
        if (character === "%") state = "literal";
        else if (character === "(") state = "arguments";
        break;
      case "arguments":
        if (character === "[") state = "quoted";
        else if (character !== " ") state = "text";
        break;
      case "quoted":
        if (character === '"') state = "text";
        else if (character !== " ") return "Expecting '\"'";
        break;
      case "text":
        if (character === "\\") {
          if (isLast) return "Un-terminated backslash in JSON string";
          at += 1;
        } else if (character === ")") state = "end";
        else if (character === '"') state = "delimiter";
        break;
      case "delimiter":
        if (character === ",") state = "quoted";
        else if (character === "]") state = "close";
        else if (character !== " ") return "Expecting ',', ']', or whitespace";
        break;
      case "close":
        if (character === ")") state = "end";
        else if (character !== " ") return "Expecting ')' or whitespace after '{}', but found '{}'";
        break;
      default:
        if (character === "%") state = "literal";
        else if (character !== " ") return "Expecting '%' or whitespace after";
    }
  }
  return state === "literal" ? undefined : `Un-terminated variable expression '${value}'`;
}
