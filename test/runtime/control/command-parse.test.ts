import { describe, expect, it } from "vitest";
import { parseCommand } from "../../../runtime/control/command-parse.ts";

describe("parseCommand", () => {
  it.each([
    { type: "mesh.stop" },
    { type: "workload.restart", service: "a" },
    { type: "workload.scale", service: "a", instances: 0 },
    { type: "workload.scale", service: "a", instances: 250 },
    { type: "ca.rotate", overlap: false },
  ])("takes %j", (command) => {
    expect(parseCommand(JSON.stringify({ ...command, more: 1 }))).toEqual(command);
  });

  it.each([
    ["{", "is not JSON"],
    ["[]", 'an object with a "type"'],
    ['{"type":"mesh.explode"}', "no command"],
    ['{"type":"workload.restart"}', 'needs "service"'],
    ['{"type":"workload.restart","service":1}', 'needs "service"'],
    ['{"type":"workload.scale","service":"a"}', '"instances"'],
    ['{"type":"workload.scale","service":"a","instances":1.5}', '"instances"'],
    ['{"type":"workload.scale","service":"a","instances":-1}', '"instances"'],
    ['{"type":"workload.scale","service":"a","instances":251}', '"instances"'],
    ['{"type":"workload.scale","service":"a","instances":"2"}', '"instances"'],
    ['{"type":"ca.rotate","overlap":"no"}', '"overlap"'],
  ])("refuses %s", (text, words) => {
    expect(parseCommand(text)).toEqual({ error: expect.stringContaining(words) as unknown });
  });
});
