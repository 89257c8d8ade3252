import { JSONObject, JSONValue } from '@lumino/coreutils';

/** One cell run, as the kernel tells it; a row with a known id replaces it. */
export interface IRow {
  id: string;
  sequence: number;
  number: number | null;
  step: string;
  named: boolean;
  status: string;
  error: string | null;
  gap: string | null;
  reads: string[];
  makes: IMade[];
  cell_id: string | null;
  seconds: number | null;
  published: boolean;
}

/** An artifact that a cell run made. */
export interface IMade {
  name: string;
  kind: string;
  summary: string;
  artifact_id: string;
}

/** What is recorded so far. */
export interface IStatus {
  recording: boolean;
  paused: boolean;
  title: string;
  runs: number;
  failed: number;
  artifacts: number;
  gaps: number;
}

/** The state of a publish or verify job: plain JSON that the widget of that name draws. */
export interface IJobState extends JSONObject {
  phase: string;
}

/** What happened, and what to do next. */
export interface IProblem {
  what: string;
  next: string;
}

/** What the kernel says. */
export type Told =
  | { type: 'rows'; reset: boolean; rows: IRow[] }
  | ({ type: 'status' } & IStatus)
  | { type: 'publish'; state: IJobState }
  | { type: 'verify'; state: IJobState }
  | { type: 'graph'; client: string; document: JSONObject | null; problem?: IProblem }
  | { type: 'save'; client: string | null; request: string }
  | { type: 'receipt'; client: string | null; note: JSONObject }
  | { type: 'page'; client: string; html: string }
  | { type: 'licences'; client: string; prefix: string; licences: JSONValue };

/** What this tab asks. */
export type Asked =
  | { op: 'hello' | 'pause' | 'resume' }
  | { op: 'saved'; request: string; ok: boolean }
  | { op: 'publish' | 'verify'; message: JSONObject }
  | { op: 'graph'; focus: string | null };
