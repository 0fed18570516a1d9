import { Command, CommanderError } from "commander";
import { MeshError } from "../runtime/core/error.ts";
import { addCertificateCommands } from "./commands-certificates.ts";
import { addDiagnosisCommands } from "./commands-diagnosis.ts";
import { addLifeCommands } from "./commands-life.ts";
import { addOfflineCommands } from "./commands-offline.ts";
import { addProjectCommands } from "./commands-project.ts";
import { addSessionCommands } from "./commands-session.ts";
import { addSuggestCommand } from "./commands-suggest.ts";
import { addTestCommands } from "./commands-test.ts";
import { chooseLook, type ColorChoice, type Context } from "./context.ts";
import { exitCodeOf, exitCodes, ExitWith } from "./exit-code.ts";
import { colorOption } from "./options.ts";
import { readPackageInfo } from "./package-info.ts";
import { errorLines } from "./print/error.ts";
import { paint } from "./print/segment.ts";

/** Runs one command line and returns its exit code. Never throws. */
export async function run(argv: readonly string[], context: Context): Promise<number> {
  let code: number = exitCodes.ok;
  const program = createProgram(context, (result) => {
    code = result;
  });
  try {
    if (argv.length === 0) {
      context.out(program.helpInformation());
      return exitCodes.ok;
    }
    await program.parseAsync(argv, { from: "user" });
    return code;
  } catch (error) {
    return report(error, argv, context);
  }
}

/** Puts a command's work in place of commander's untyped action. */
export type Settle = (code: number) => void;

function createProgram(context: Context, settle: Settle): Command {
  const program = new Command("meshdev")
    .description(
      "The service mesh on your laptop: real Istio policy on local processes, every handshake and decision explained.",
    )
    .version(`meshdev ${readPackageInfo().version}`, "-V, --version", "print the version")
    .helpOption("-h, --help", "print help")
    .addOption(colorOption())
    .configureHelp({ showGlobalOptions: true, helpWidth: Math.min(context.columns ?? 100, 120) })
    .configureOutput({ writeOut: context.out, writeErr: () => undefined })
    .exitOverride()
    .showSuggestionAfterError()
    .addHelpText(
      "after",
      `
Examples:
  meshdev demo                                   see it run, no files needed
  meshdev up -C my-project                       start a project and watch it
  meshdev can frontend backend GET /api/data     ask what policy says
  meshdev why                                    explain the last refusal

Every option can be set by a variable: --timeout is MESHDEV_TIMEOUT.`,
    );
  addSessionCommands(program, context, settle);
  addLifeCommands(program, context, settle);
  addProjectCommands(program, context, settle);
  addCertificateCommands(program, context, settle);
  addDiagnosisCommands(program, context, settle);
  addTestCommands(program, context, settle);
  addSuggestCommand(program, context, settle);
  addOfflineCommands(program, context, settle);
  return program;
}

function report(error: unknown, argv: readonly string[], context: Context): number {
  if (error instanceof ExitWith) return error.code;
  if (error instanceof CommanderError && error.exitCode === 0) return exitCodes.ok;
  const known = error instanceof CommanderError ? usageError(error, argv) : error;
  // An aborted wait ends with whatever the signal says.
  if (context.signal.aborted && !(known instanceof MeshError)) return Number(context.signal.reason) || exitCodes.ok;
  const { color } = chooseLook(context, colorOf(argv));
  for (const line of errorLines(known)) context.err(`${paint(line, color)}\n`);
  return exitCodeOf(known);
}

/** Options may not have been parsed when an error is printed. */
function colorOf(argv: readonly string[]): ColorChoice {
  const text = argv
    .map((word, at) => (word === "--color" ? argv[at + 1] : word.startsWith("--color=") ? word.slice(8) : undefined))
    .find((word) => word !== undefined);
  return text === "always" || text === "never" ? text : "auto";
}

function usageError(error: CommanderError, argv: readonly string[]): MeshError {
  const [what = "", ...rest] = error.message.replace(/^error: /, "").split("\n");
  const suggestion = /Did you mean (?:one of )?(.+?)\?/.exec(rest.join(" "))?.[1];
  const command = argv.find((word) => !word.startsWith("-"));
  const help =
    command === undefined || error.code === "commander.unknownCommand" ? "meshdev --help" : `meshdev ${command} --help`;
  return new MeshError("MD8001", what, {
    hint: suggestion === undefined ? `See \`${help}\`.` : `Did you mean ${suggestion}? See \`${help}\`.`,
  });
}
