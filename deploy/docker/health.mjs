// Asks the process of this container how it is, at its own --metrics on loopback: `node health.mjs healthz`. It speaks TLS
// when its doors do, with a certificate that is for other names.
import { get as getPlain } from 'node:http';
import { get as getTls } from 'node:https';

const { ASSAY_HEALTH = '127.0.0.1:7072' } = process.env;
const [path = 'healthz'] = process.argv.slice(2);

const answers = await Promise.all([ask(getTls, 'https'), ask(getPlain, 'http')]);
process.exit(answers.includes(200) ? 0 : 1);

/** The status, or undefined where nobody speaks so. */
function ask(get, scheme) {
  return new Promise((resolve) => {
    const request = get(
      `${scheme}://${ASSAY_HEALTH}/${path}`,
      { rejectUnauthorized: false, timeout: 4000 },
      (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      },
    );
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(undefined));
  });
}
