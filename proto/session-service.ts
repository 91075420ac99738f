import { BinaryWriter } from '@bufbuild/protobuf/wire';
import { type ChannelCredentials, type ClientOptions, makeGenericClientConstructor } from '@grpc/grpc-js';
import {
  type WorkerServiceClient as Client,
  WorkerServiceService as Service,
  SessionRequest,
  SessionResponse,
} from './gen/assay/v1/worker.js';

/** The workers' service. Its messages are many and small, so that room for each of them costs more than to write it. */
export const WorkerServiceService: typeof Service = {
  session: {
    ...Service.session,
    requestSerialize: inOneRoom(SessionRequest),
    responseSerialize: inOneRoom(SessionResponse),
  },
};

export type WorkerServiceClient = Client;
export const WorkerServiceClient: new (
  address: string,
  credentials: ChannelCredentials,
  options?: Partial<ClientOptions>,
) => Client = makeGenericClientConstructor(WorkerServiceService, 'assay.v1.WorkerService') as never;

/** Writes messages one after another with the room that the ones before needed. */
function inOneRoom<M>(type: { encode(message: M, writer: BinaryWriter): BinaryWriter }): (message: M) => Buffer {
  let writer = new BinaryWriter();
  return (message) => {
    try {
      const { buffer, byteOffset, length } = type.encode(message, writer).finish();
      if (length > MOST_KEPT) writer = new BinaryWriter();
      return Buffer.from(buffer, byteOffset, length);
    } catch (error) {
      // It has half a message.
      writer = new BinaryWriter();
      throw error;
    }
  };
}

/** Room that is kept, bytes. */
const MOST_KEPT = 1 << 16;
