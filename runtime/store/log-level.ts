/** Levels of log lines, the least important first. */
export const logLevels = ["trace", "debug", "info", "warn", "error", "fatal"] as const;
export type LogLevel = (typeof logLevels)[number];

/** What loggers call the levels. */
const names: Readonly<Record<string, LogLevel>> = {
  trace: "trace",
  silly: "trace",
  verbose: "debug",
  debug: "debug",
  info: "info",
  notice: "info",
  warn: "warn",
  warning: "warn",
  err: "error",
  error: "error",
  crit: "fatal",
  critical: "fatal",
  alert: "fatal",
  emerg: "fatal",
  panic: "fatal",
  fatal: "fatal",
};

const inJson = /"(?:level|severity|lvl|loglevel)"\s*:\s*"?(\w+)/i;
const inPairs = /(?:^|\s)(?:level|severity|lvl)=["[]?(\w+)/i;
/** Near the start: `[warn]`, `WARN`, `Error:`, `12:03 INFO`; lower case only with a bracket or colon, or prose would count. */
const inText = /(?:\[\s*([a-z]+)\s*\]|\b([A-Z]{3,9})\b|^\s*([A-Za-z]+):)/g;
const textBefore = 60;

/** The level that a line of a program says it has; undefined when it says none. */
export function levelOf(line: string): LogLevel | undefined {
  if (/^\s*\{/.test(line)) return named(inJson.exec(line)?.[1]);
  const pair = named(inPairs.exec(line)?.[1]);
  if (pair !== undefined) return pair;
  for (const found of line.slice(0, textBefore).matchAll(inText)) {
    const level = named(found[1] ?? found[2] ?? found[3]);
    if (level !== undefined) return level;
  }
  return undefined;
}

/** Names, and the numbers of bunyan and pino: 30 is info. */
function named(text: string | undefined): LogLevel | undefined {
  if (text === undefined) return undefined;
  if (/^[1-6]0$/.test(text)) return logLevels[Number(text) / 10 - 1];
  const name = text.toLowerCase();
  return Object.hasOwn(names, name) ? names[name] : undefined;
}

/** How a level is named in a filter; aliases of loggers count too. */
export function parseLevel(text: string): LogLevel | undefined {
  return named(text);
}
