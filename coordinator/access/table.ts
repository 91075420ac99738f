import type { Role } from './roles.js';

/*
 * Who may call what: every method of every service and every route of HTTP. What does not stand here is refused to
 * everybody, so a new method or route needs a line of its own; a test walks all of them.
 */

/** Roles that may; `anyone` needs no token. */
export type Access = 'anyone' | readonly Role[];

const LOOK: Access = ['admin', 'submit', 'view'];
const STEER: Access = ['admin', 'submit'];
const RULE: Access = ['admin'];
const WORK: Access = ['admin', 'worker'];
const GIVE: Access = ['admin', 'submit', 'worker'];
const ALL: Access = ['admin', 'submit', 'view', 'worker'];

/** gRPC, by the path of the method. */
export const METHODS: Readonly<Record<string, Access>> = {
  '/grpc.health.v1.Health/Check': 'anyone',
  '/grpc.health.v1.Health/List': 'anyone',
  '/grpc.health.v1.Health/Watch': 'anyone',
  '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo': ALL,
  '/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo': ALL,

  '/externalscaler.ExternalScaler/IsActive': ALL,
  '/externalscaler.ExternalScaler/StreamIsActive': ALL,
  '/externalscaler.ExternalScaler/GetMetricSpec': ALL,
  '/externalscaler.ExternalScaler/GetMetrics': ALL,

  '/assay.v1.WorkerService/Session': WORK,

  '/assay.v1.ArtifactService/FindArtifacts': ALL,
  '/assay.v1.ArtifactService/UploadArtifact': GIVE,
  '/assay.v1.ArtifactService/DownloadArtifact': ALL,

  '/assay.v1.StudyService/ListStudies': LOOK,
  '/assay.v1.StudyService/GetLeaderboard': LOOK,
  '/assay.v1.StudyService/WatchLeaderboard': LOOK,
  '/assay.v1.StudyService/ListTrials': LOOK,
  '/assay.v1.StudyService/StreamTrials': LOOK,
  '/assay.v1.StudyService/GetTrial': LOOK,
  '/assay.v1.StudyService/GetOutput': LOOK,
  '/assay.v1.StudyService/ListWorkers': LOOK,
  '/assay.v1.StudyService/CreateStudy': STEER,
  '/assay.v1.StudyService/RerunTrial': STEER,
  '/assay.v1.StudyService/ControlStudy': STEER,
  '/assay.v1.StudyService/AdjustStudy': STEER,
  '/assay.v1.StudyService/StopTrial': STEER,
  '/assay.v1.StudyService/InvalidateTrial': STEER,
  '/assay.v1.StudyService/EnqueueTrial': STEER,
  '/assay.v1.StudyService/DeleteStudy': RULE,
  '/assay.v1.StudyService/DrainWorker': RULE,
  '/assay.v1.StudyService/UnquarantineWorker': RULE,

  '/assay.v1.AccessService/WhoAmI': ALL,
  '/assay.v1.AccessService/CreateToken': RULE,
  '/assay.v1.AccessService/ListTokens': RULE,
  '/assay.v1.AccessService/RevokeToken': RULE,
};

/** HTTP, by method and pattern as the route is registered with. The pages themselves are files that hold nothing secret. */
export const ROUTES: Readonly<Record<string, Access>> = {
  'GET /healthz': 'anyone',
  'GET /readyz': 'anyone',
  'GET /metrics': LOOK,

  'GET /api/session': 'anyone',
  'POST /api/session': 'anyone',
  'DELETE /api/session': 'anyone',

  'GET /api/studies': LOOK,
  'GET /api/studies/:id/table': LOOK,
  'GET /api/studies/:id/curves': LOOK,
  'GET /api/studies/:id/trials/:number': LOOK,
  'GET /api/studies/:id/trials/:number/output': LOOK,
  'GET /api/studies/:id/export.csv': LOOK,
  'GET /api/studies/:id/export.json': LOOK,
  'GET /api/studies/:id/events': LOOK,
  'GET /api/workers': LOOK,
  'GET /api/events': LOOK,

  'POST /api/studies': STEER,
  'POST /api/studies/:id/pause': STEER,
  'POST /api/studies/:id/resume': STEER,
  'POST /api/studies/:id/stop': STEER,
  'POST /api/studies/:id/adjust': STEER,
  'POST /api/studies/:id/enqueue': STEER,
  'POST /api/studies/:id/trials/:number/stop': STEER,
  'POST /api/studies/:id/trials/:number/invalidate': STEER,
  'POST /api/studies/:id/trials/:number/rerun': STEER,

  'DELETE /api/studies/:id': RULE,
  'POST /api/workers/:id/drain': RULE,
  'POST /api/workers/:id/unquarantine': RULE,
};
