import type { ChannelOptions } from '@grpc/grpc-js';

/** The address a coordinator listens on, and everybody else tries, when nothing else is said. */
export const DEFAULT_ADDRESS = '127.0.0.1:7070';

/** Largest gRPC message either side accepts. Search files are far smaller; a leaderboard of 10,000 trials is not. */
export const MAX_MESSAGE_BYTES: number = 64 * 1024 * 1024;

/**
 * Options of every channel and server. Without keepalive on both ends a half-open connection is never noticed; with it,
 * after at most `keepalive_time_ms + keepalive_timeout_ms`.
 */
export const CHANNEL_OPTIONS: ChannelOptions = {
  'grpc.keepalive_time_ms': 20_000,
  'grpc.keepalive_timeout_ms': 10_000,
  'grpc.keepalive_permit_without_calls': 1,
  'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
  'grpc.max_send_message_length': MAX_MESSAGE_BYTES,
};
