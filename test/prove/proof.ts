export interface ProofOptions {
  /** How many tries; undefined: what the claim was made for. */
  readonly count: number | undefined;
  readonly seed: number;
  readonly progress: (text: string) => void;
}

export interface ProofResult {
  /** What was tried and counted, in words. */
  readonly lines: readonly string[];
  /** Each try that contradicts the claim; empty: it held. */
  readonly failures: readonly string[];
}

export type Proof = (options: ProofOptions) => Promise<ProofResult>;
