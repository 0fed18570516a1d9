import { describe, expect, it } from "vitest";
import { exchange, logged, plaintext } from "../../support/synthetic.ts";
import { play, stage } from "../../support/stage.ts";

describe("the logs view", () => {
  it("mixes what programs print with what their sidecars saw, in the order in which it came", () => {
    const { feed, show, type } = stage({ columns: 110, rows: 30 });
    play(feed, [exchange(1), logged(2, "served it"), plaintext(3), { ...logged(4, "oops"), stream: "stderr" }]);
    type("5");
    const rows = show().split("\n").slice(3, 7);
    expect(rows[0]).toMatch(/backend-1 +proxy +ALLOW +frontend-1 → backend-1:8080 +GET \/api\/data 200/);
    expect(rows[1]).toMatch(/backend-1 +stdout served it/);
    expect(rows[2]).toMatch(/backend-1 +proxy +TLS-FAIL outsider-1 → backend-1:8080 +plaintext under STRICT/);
    expect(rows[3]).toMatch(/backend-1 +stderr oops/);
  });

  it("opens a line of a sidecar as the event that it is", () => {
    const { feed, show, type } = stage({ columns: 110, rows: 30 });
    play(feed, [exchange(1)]);
    type("5", "return");
    expect(show()).toContain("AuthorizationPolicy default/backend-allow rule 0 matched");
  });

  it("lets no escape of a program through", () => {
    const { feed, show, type } = stage({ columns: 110, rows: 30 });
    play(feed, [logged(1, "\u001b[2J\u001b]0;owned\u0007red \u001b[31malert\u001b[0m\ttab\u0090q\u009c")]);
    type("5");
    // oxlint-disable-next-line no-control-regex
    expect(show()).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
    expect(show()).toContain("red alert    tab");
  });
});
