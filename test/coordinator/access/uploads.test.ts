import { credentials, Metadata, type ServerReadableStream, type sendUnaryData } from '@grpc/grpc-js';
import { expect, it } from 'vitest';
import { openDoor } from '../../../coordinator/rpc/server.js';
import { setBearer } from '../../../proto/bearer.js';
import {
  ArtifactServiceClient,
  ArtifactServiceService,
  type UploadArtifactRequest,
  type UploadArtifactResponse,
} from '../../../proto/index.js';
import { startEntered } from './entered.js';

it('answers an upload that came with a token, although the answer comes after the end of what was sent', async () => {
  const entered = await startEntered();
  const { door, address } = await openDoor('127.0.0.1:0', entered.entrance);
  // As the store does it: what was sent is read to its end, which closes the call's stream, and brought to the disk.
  const uploadArtifact = (
    call: ServerReadableStream<UploadArtifactRequest, UploadArtifactResponse>,
    answer: sendUnaryData<UploadArtifactResponse>,
  ): void => {
    call.once('close', () => setImmediate(() => answer(null, {})));
    call.once('end', () => call.destroy()).resume();
  };
  door.lead([{ definition: ArtifactServiceService, handlers: { uploadArtifact, ...UNUSED } }]);
  const client = new ArtifactServiceClient(address, credentials.createInsecure());
  try {
    const metadata = new Metadata();
    setBearer(metadata, entered.secrets.worker);
    const answered = new Promise((resolve, reject) => {
      const call = client.uploadArtifact(metadata, (error, answer) =>
        error === null ? resolve(answer) : reject(error),
      );
      call.write({ body: { $case: 'header', value: { sha256: '', bytes: 0 } } });
      call.end();
    });
    expect(await answered).toEqual({});
  } finally {
    client.close();
    door.close();
    await entered.close();
  }
});

const UNUSED = { findArtifacts: () => {}, downloadArtifact: () => {} };
