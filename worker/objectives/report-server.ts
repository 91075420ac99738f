import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ObjectiveError } from './errors.js';
import { LONGEST_LINE_BYTES } from './lines.js';

/** What a program can say and ask over HTTP. */
export interface ReportHandlers {
  /** @throws {ObjectiveError} when it is no report */
  said(text: string): void;
  shouldStop(): boolean;
}

export interface ReportServer {
  /** `http://127.0.0.1:PORT/SECRET`; POST a report to it, or GET `/stop` below it: `true` or `false`. */
  readonly url: string;
  close(): void;
}

/**
 * Listens on this machine alone, for programs that have no file descriptor at hand. The address holds a secret, so that
 * other users of the machine cannot report.
 */
export async function openReportServer(handlers: ReportHandlers): Promise<ReportServer> {
  const secret = randomBytes(16).toString('hex');
  const server = createServer((request, response) => {
    const answer = (code: number, text: string): void => {
      response.writeHead(code, { 'content-type': 'text/plain; charset=utf-8' }).end(`${text}\n`);
    };
    if (request.url === `/${secret}/stop` && request.method === 'GET')
      return answer(200, String(handlers.shouldStop()));
    if (request.url !== `/${secret}`) return answer(404, 'there is nothing here');
    if (request.method !== 'POST') return answer(405, 'POST a report here, or GET the address with /stop behind it');
    bodyOf(request).then(
      (body) => {
        try {
          handlers.said(body);
          answer(200, String(handlers.shouldStop()));
        } catch (error) {
          if (!(error instanceof ObjectiveError)) throw error;
          answer(400, error.message);
        }
      },
      () => answer(413, `a report has at most ${LONGEST_LINE_BYTES} bytes`),
    );
  });
  const port = await listen(server);
  return {
    url: `http://127.0.0.1:${port}/${secret}`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > LONGEST_LINE_BYTES) throw new RangeError('too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
