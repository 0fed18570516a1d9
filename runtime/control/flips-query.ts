import type { FlipsQuestion } from "../model/flips.ts";

/** A question as it stands in a URL; both ends of the API write and read it here. */
export function flipsQuery(question: FlipsQuestion): URLSearchParams {
  const query = new URLSearchParams();
  switch (question.kind) {
    case "last":
      break;
    case "generations":
      query.set("before", String(question.before));
      query.set("after", String(question.after));
      break;
    case "draft":
      for (const path of question.paths) query.append("draft", path);
      break;
  }
  return query;
}

/** Undefined: it cannot be read. */
export function flipsQuestion(query: URLSearchParams): FlipsQuestion | undefined {
  const paths = query.getAll("draft");
  if (paths.length > 0) return { kind: "draft", paths };
  const [before, after] = [query.get("before"), query.get("after")];
  if (before === null && after === null) return { kind: "last" };
  const numbers = [Number(before), Number(after)];
  const [first, second] = numbers;
  if (first === undefined || second === undefined || before === null || after === null) return undefined;
  return numbers.every((each) => Number.isSafeInteger(each) && each > 0)
    ? { kind: "generations", before: first, after: second }
    : undefined;
}
