// Follows what happens in a cluster, live, without Assay: NATS's own client and a subject are enough.
//
//   npm install @nats-io/transport-node
//   node follow-events.mjs nats://127.0.0.1:4222 [CLUSTER] [STUDY] [TYPE]
//
// Subjects are assay.CLUSTER.events.STUDY.TYPE (a dot in a study's name is %2E); the payload is the event as JSON, as it
// is in the log. Each event has its number in the log as Assay-Position: after a change of leaders some events come twice,
// and what came while nobody listened does not come again. What is seen here is in the log already.
import { connect } from '@nats-io/transport-node';

const [servers = 'nats://127.0.0.1:4222', cluster = 'main', study = '*', type = '*'] = process.argv.slice(2);
const connection = await connect({
  servers: servers.split(',').map((server) => server.replace(/^nats:\/\//, '')),
  maxReconnectAttempts: -1,
});
process.once('SIGINT', () => void connection.close());
// Whoever reads the lines has seen enough.
process.stdout.once('error', () => process.exit());

let last;
for await (const message of connection.subscribe(
  `assay.${cluster}.events.${study.replaceAll('.', '%2E')}.${type.replaceAll('.', '%2E')}`,
)) {
  const position = Number(message.headers.get('Assay-Position'));
  const everything = study === '*' && type === '*';
  if (last !== undefined && position <= last) continue;
  if (everything && last !== undefined && position > last + 1) {
    console.error(`events ${last + 1} to ${position - 1} were missed: they are in the log`);
  }
  last = position;
  // Too large for a message, a study's file perhaps: the event is in the log.
  const event = message.headers.has('Assay-Omitted') ? {} : message.json();
  const { type: what, study: where, at, ...rest } = event;
  console.log(
    position,
    new Date(at ?? Date.now()).toISOString(),
    where ?? '',
    what ?? message.subject,
    JSON.stringify(rest),
  );
}
