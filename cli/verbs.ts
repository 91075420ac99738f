import type { Command } from 'commander';

/** A verb of the command line. Its module is loaded when it is typed, and not before. */
export interface Verb {
  readonly name: string;
  /** Heading in the help. */
  readonly group: string;
  /** One line for the list of verbs, without a full stop. */
  readonly summary: string;
  /** Command lines that show it at work. */
  readonly examples: readonly string[];
  readonly hidden?: boolean;
  load(): Promise<Command>;
}

const START = 'On this machine:';
const FLEET = 'On a fleet:';
const LOOK = 'Looking:';
const STEER = 'Steering:';
const FILE = 'The search file:';
const SHELL = 'The shell:';

export const VERBS: readonly Verb[] = [
  {
    name: 'demo',
    group: START,
    summary: 'search a small image classifier with two workers and watch',
    examples: ['assay demo', 'assay demo --dataset mnist', 'assay demo --chaos'],
    load: async () => (await import('./commands/demo.js')).demoCommand(),
  },
  {
    name: 'run',
    group: START,
    summary: 'run a search file here, with a coordinator and a worker of its own',
    examples: ['assay run search.yaml', 'assay run search.yaml --slots 2 --state /tmp/search'],
    load: async () => (await import('./commands/run.js')).runCommand(),
  },
  {
    name: 'datasets',
    group: START,
    summary: 'list data sets, or download named ones ahead of time',
    examples: ['assay datasets', 'assay datasets mnist cifar10 --cache /opt/assay'],
    load: async () => (await import('./commands/datasets.js')).datasetsCommand(),
  },
  {
    name: 'coordinator',
    group: FLEET,
    summary: 'start the coordinator that studies are submitted to',
    examples: [
      'assay coordinator',
      'assay coordinator --listen 127.0.0.1:7171 --state /var/lib/assay',
      'assay coordinator --notify-url https://chat.lab/hook',
    ],
    load: async () => (await import('./commands/coordinator.js')).coordinatorCommand(),
  },
  {
    name: 'worker',
    group: FLEET,
    summary: 'attach this machine to a coordinator and train',
    examples: ['assay worker', 'assay worker --coordinator 127.0.0.1:7171 --slots 4 --label gpu=a100'],
    load: async () => (await import('./commands/worker.js')).workerCommand(),
  },
  {
    name: 'submit',
    group: FLEET,
    summary: 'check a search file and start a study with it',
    examples: ['assay submit search.yaml', 'assay submit search.yaml --name second-try --watch'],
    load: async () => (await import('./commands/submit.js')).submitCommand(),
  },
  {
    name: 'leaderboard',
    group: LOOK,
    summary: 'rank the trials of a study, the latest one by default',
    examples: ['assay leaderboard', 'assay leaderboard digits --watch', 'assay leaderboard digits --csv > board.csv'],
    load: async () => (await import('./commands/leaderboard.js')).leaderboardCommand(),
  },
  {
    name: 'studies',
    group: LOOK,
    summary: 'list all studies',
    examples: ['assay studies', 'assay studies --json'],
    load: async () => (await import('./commands/studies.js')).studiesCommand(),
  },
  {
    name: 'trials',
    group: LOOK,
    summary: 'list the trials of a study by number',
    examples: ['assay trials digits', 'assay trials digits --json'],
    load: async () => (await import('./commands/trials.js')).trialsCommand(),
  },
  {
    name: 'show',
    group: LOOK,
    summary: 'show one trial: parameters, curve, attempts, and why it ended',
    examples: ['assay show 7', 'assay show digits 7'],
    load: async () => (await import('./commands/show.js')).showCommand(),
  },
  {
    name: 'compare',
    group: LOOK,
    summary: 'set studies beside each other: what each has reached after how many trials',
    examples: ['assay compare digits digits-2', 'assay compare digits digits-2 --json'],
    load: async () => (await import('./commands/compare.js')).compareCommand(),
  },
  {
    name: 'export',
    group: LOOK,
    summary: 'write a study as CSV, JSON, YAML, one HTML page or TensorBoard files',
    examples: ['assay export digits --format csv > digits.csv', 'assay export digits --format html -o digits.html'],
    load: async () => (await import('./commands/export.js')).exportCommand(),
  },
  {
    name: 'replay',
    group: LOOK,
    summary: 'recompute the suggestions of a log and compare',
    examples: ['assay replay', 'assay replay digits --state /var/lib/assay'],
    load: async () => (await import('./commands/replay.js')).replayCommand(),
  },
  {
    name: 'backup',
    group: FLEET,
    summary: 'copy the event log into one file, also while the coordinator runs',
    examples: ['assay backup /backups/assay.db', 'assay backup assay.db --state /var/lib/assay'],
    load: async () => (await import('./commands/backup.js')).backupCommand(),
  },
  {
    name: 'logs',
    group: LOOK,
    summary: 'print the end of what a trial printed',
    examples: ['assay logs 7', 'assay logs digits 7 --follow'],
    load: async () => (await import('./commands/logs.js')).logsCommand(),
  },
  {
    name: 'best',
    group: LOOK,
    summary: "show a study's best trial and fetch its model",
    examples: ['assay best', 'assay best digits --export model'],
    load: async () => (await import('./commands/best.js')).bestCommand(),
  },
  {
    name: 'predict',
    group: LOOK,
    summary: 'say what an exported model sees in images',
    examples: ['assay predict model image.png', 'assay predict model *.png --top 1'],
    load: async () => (await import('./commands/predict.js')).predictVerb(),
  },
  {
    name: 'workers',
    group: LOOK,
    summary: 'list the attached workers',
    examples: ['assay workers', 'assay workers --json'],
    load: async () => (await import('./commands/workers.js')).workersCommand(),
  },
  {
    name: 'rerun',
    group: STEER,
    summary: "train a trial's configuration again with the same seed",
    examples: ['assay rerun digits 7', 'assay rerun digits 7 --watch'],
    load: async () => (await import('./commands/rerun.js')).rerunCommand(),
  },
  {
    name: 'confirm',
    group: STEER,
    summary: 'train the best again with fresh seeds and say whether the order holds',
    examples: ['assay confirm digits', 'assay confirm digits --top 3 --seeds 5'],
    load: async () => (await import('./commands/confirm.js')).confirmCommand(),
  },
  {
    name: 'pause',
    group: STEER,
    summary: 'start no further trials of a study; running ones go on',
    examples: ['assay pause digits'],
    load: async () => (await import('./commands/control.js')).pauseCommand(),
  },
  {
    name: 'resume',
    group: STEER,
    summary: 'undo a pause',
    examples: ['assay resume digits'],
    load: async () => (await import('./commands/control.js')).resumeCommand(),
  },
  {
    name: 'stop',
    group: STEER,
    summary: 'end the running trials of a study and finish it',
    examples: ['assay stop digits'],
    load: async () => (await import('./commands/control.js')).stopCommand(),
  },
  {
    name: 'extend',
    group: STEER,
    summary: "change a study's budget, also of one that has used it up",
    examples: ['assay extend digits --trials +20', 'assay extend --trials 200 --time 3h'],
    load: async () => (await import('./commands/adjust.js')).extendCommand(),
  },
  {
    name: 'set',
    group: STEER,
    summary: "change a study's parallelism or priority while it runs",
    examples: ['assay set digits --parallel 8', 'assay set digits --parallel all --priority 10'],
    load: async () => (await import('./commands/adjust.js')).setCommand(),
  },
  {
    name: 'enqueue',
    group: STEER,
    summary: 'run a configuration before the sampler is asked again',
    examples: ['assay enqueue digits lr=0.01 depth=2', 'assay enqueue optimizer=sgd momentum=0.9'],
    load: async () => (await import('./commands/trial-control.js')).enqueueCommand(),
  },
  {
    name: 'stop-trial',
    group: STEER,
    summary: 'end one trial early, with what it has reported',
    examples: ['assay stop-trial 7', 'assay stop-trial digits 7'],
    load: async () => (await import('./commands/trial-control.js')).stopTrialCommand(),
  },
  {
    name: 'invalidate',
    group: STEER,
    summary: 'take one trial out of the ranking and of what the sampler sees',
    examples: ['assay invalidate digits 7 --reason "the disk was full"'],
    load: async () => (await import('./commands/trial-control.js')).invalidateCommand(),
  },
  {
    name: 'delete',
    group: STEER,
    summary: 'remove a finished study for good',
    examples: ['assay delete digits', 'assay delete digits --yes'],
    load: async () => (await import('./commands/delete.js')).deleteCommand(),
  },
  {
    name: 'drain',
    group: STEER,
    summary: 'ask a worker to leave when it has finished what it runs',
    examples: ['assay drain gpu-box-3', 'assay drain gpu-box-3 --now'],
    load: async () => (await import('./commands/worker-control.js')).drainCommand(),
  },
  {
    name: 'unquarantine',
    group: STEER,
    summary: 'give a worker trials again that was mended',
    examples: ['assay unquarantine gpu-box-3'],
    load: async () => (await import('./commands/worker-control.js')).unquarantineCommand(),
  },
  {
    name: 'init',
    group: FILE,
    summary: 'write a commented search file to start from',
    examples: ['assay init', 'assay init my-search.yaml'],
    load: async () => (await import('./commands/init.js')).initCommand(),
  },
  {
    name: 'check',
    group: FILE,
    summary: 'check a search file without running it',
    examples: ['assay check search.yaml'],
    load: async () => (await import('./commands/check.js')).checkCommand(),
  },
  {
    name: 'completion',
    group: SHELL,
    summary: 'print a script that lets bash, zsh or fish complete',
    examples: ['assay completion bash', 'assay completion fish'],
    load: async () => (await import('./commands/completion.js')).completionCommand(),
  },
  {
    name: 'complete',
    group: SHELL,
    summary: 'print what words can become, for the scripts of "completion"',
    examples: ['assay complete -- leaderboard dig'],
    hidden: true,
    load: async () => (await import('./commands/completion.js')).completeCommand(),
  },
];
