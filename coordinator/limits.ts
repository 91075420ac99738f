/*
 * Every limit on what may come in, in one place: `docs/limits.md` is the same as a table, and a test holds the two together.
 * A limit is there so that nobody can take the coordinator's memory or time from everybody else. Each is far above what
 * honest use needs; who meets one is told its name, the value that came, and what would be right.
 *
 * What both ends of the wire must know (sizes of messages and chunks) stands in `proto/channel.ts`.
 */

// --- search files -------------------------------------------------------------------------------------------------

/** Characters of a search file. */
export const LARGEST_FILE: number = 512 * 1024;
/** Characters of the name that a search file is said to have. */
export const LONGEST_FILE_NAME = 4096;
export const MOST_PARAMS = 1000;
/** Choices of one parameter. */
export const MOST_CHOICES = 10_000;
/** Rows of `enqueue`. */
export const MOST_ENQUEUED = 1000;
export const MOST_RELATIONS = 100;
/** Labels that a study requires, or a worker has. */
export const MOST_LABELS = 64;
export const LABEL_KEY: RegExp = /^[A-Za-z0-9][A-Za-z0-9_./-]{0,62}$/;
/** Characters of a label's value. */
export const LONGEST_LABEL = 255;
/** A study's name is a part of paths, subjects and addresses. */
export const STUDY_NAME: RegExp = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;
export const MOST_TRIALS = 10_000_000;
export const MOST_PARALLEL = 100_000;
export const MOST_REPEATS = 1000;
export const MOST_ATTEMPTS = 100;
/** Priorities go from this below zero to this above. */
export const HIGHEST_PRIORITY = 1000;
/** GPUs of one attempt, or of one worker: more than any machine has. */
export const MOST_GPUS = 1024;

// --- studies ------------------------------------------------------------------------------------------------------

/** Studies in a coordinator's memory, finished ones included. */
export const MOST_STUDIES = 10_000;
/** Studies that have not finished. Each of them is looked at whenever a slot is free. */
export const MOST_OPEN_STUDIES = 1_000;
/** Configurations of a study that were enqueued and are not proposed yet. */
export const MOST_QUEUED = 10_000;
/** Reports of one trial: steps are epochs, not batches. */
export const MOST_REPORTS = 100_000;
/** Metrics of one report. */
export const MOST_METRICS = 100;
/** Characters of a metric's name. */
export const LONGEST_METRIC = 200;
/** Characters of a request's id. */
export const LONGEST_REQUEST_ID = 64;
/** Characters of a reason that people give. */
export const LONGEST_REASON = 500;
/** Characters of the reason that a worker gives for an attempt's end; the rest is cut off. */
export const LONGEST_ERROR = 4_000;
/** Bytes of an output that are given out. */
export const MOST_OUTPUT_BYTES = 1_048_576;

// --- workers ------------------------------------------------------------------------------------------------------

export const MOST_SLOTS = 10_000;
/** Characters of a worker's name and of its id. */
export const LONGEST_WORKER_NAME = 100;
/** Characters of any other word that a worker says of itself: its backend, an objective, a GPU. */
export const LONGEST_WORD = 255;
/** Characters of why a worker's backend is that one. */
export const LONGEST_BACKEND_REASON = 1_000;
/** Data sets that a worker names. */
export const MOST_DATASETS = 2_000;
/** Attempts that a worker presents. */
export const MOST_HELD = 20_000;
/** Files that are saved together. */
export const MOST_SAVED_FILES = 256;
/** Milliseconds that a worker's stream may take to attach. */
export const LONGEST_ATTACH_MS = 20_000;

// --- artifacts ----------------------------------------------------------------------------------------------------

/** Bytes of an artifact, where `--max-artifact` says nothing else. */
export const LARGEST_ARTIFACT: number = 2 ** 30;
/** Artifacts that are asked for in one question. */
export const MOST_ASKED = 1_000;
/** Uploads at a time. */
export const MOST_UPLOADS = 256;

// --- calls and connections ----------------------------------------------------------------------------------------

/** Bytes of a message that the coordinator takes. The largest are chunks of artifacts and search files. */
export const LARGEST_REQUEST: number = 4 * 1024 * 1024;
/** Units that a caller (a token; without tokens, an address) may use in a second; most calls are one unit. */
export const UNITS_PER_SECOND = 500;
/** Units that a caller may use at once after a rest. */
export const UNITS_AT_ONCE = 2_000;
/** Units that creating a study costs. */
export const UNITS_OF_A_STUDY = 20;
/** Units that a call of the artifact service costs. */
export const UNITS_OF_AN_ARTIFACT = 0.1;
/**
 * Trials in an answer that one more unit is charged for; twice as many cost four: while an answer is made, everybody waits.
 * At most what can be saved up is charged.
 */
export const ROWS_OF_A_UNIT = 100;
/** Characters of a search file that one more unit is charged for. */
export const CHARACTERS_OF_A_UNIT = 256;
/** Milliseconds that a call may have to wait for its caller's units; it is refused when it would be more. */
export const LONGEST_WAIT_MS = 5_000;
/** Milliseconds within whose second half a refusal for want of units is said: who asks in a loop is slowed down. */
export const REFUSAL_MS = 1_000;
/** Calls of a caller that are under way, workers' sessions aside. Beyond it its connection is cut. */
export const MOST_CALLS = 1_000;
/** Calls that a connection gives up within a second, or takes with it when it ends. Beyond it the connection is cut. */
export const MOST_GIVEN_UP = 32;
/** Streams of a caller that follow something: leaderboards, live pages, exports, downloads. */
export const MOST_FOLLOWED = 256;
/** Streams that follow something, of all callers. */
export const MOST_FOLLOWED_IN_ALL = 2_000;
/** Sessions of workers, of all callers. */
export const MOST_SESSIONS = 20_000;
/** Streams on one connection. */
export const MOST_STREAMS = 64;
/** Connections; fewer where the process may not open so many files. */
export const MOST_CONNECTIONS = 20_000;
/** Of those, from one address, so that one alone cannot lock the others out. */
export const MOST_CONNECTIONS_OF_AN_ADDRESS = 15_000;
/** Milliseconds between two connections from an address that has had one cut, and how long that is remembered. */
export const PAUSE_AFTER_A_CUT_MS = 500;
export const CUT_REMEMBERED_MS = 10_000;
/** Milliseconds after which a connection without a call is closed. */
export const LONGEST_IDLE_MS = 300_000;
/** Milliseconds that a request may take to arrive. */
export const LONGEST_ARRIVAL_MS = 60_000;
/** Milliseconds that a reader may leave what was sent to it unread. */
export const LONGEST_UNREAD_MS = 60_000;
/** Bytes that may wait for a worker that does not read. */
export const MOST_UNREAD_BYTES: number = 64 * 1024 * 1024;

// --- HTTP ---------------------------------------------------------------------------------------------------------

/** Bytes of a request's body: a search file of the largest size, and what JSON makes of it. */
export const LARGEST_BODY: number = 4 * 1024 * 1024;
/** Bytes of a request's headers. */
export const LARGEST_HEADERS = 16_384;
/** Connections to the dashboard. */
export const MOST_HTTP_CONNECTIONS = 1_000;
/** Milliseconds that a request's headers may take to arrive. */
export const LONGEST_HEADERS_MS = 10_000;
