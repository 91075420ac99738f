import { BinaryWriter } from '@bufbuild/protobuf/wire';
import type { Param, Report, Trial } from '../../proto/index.js';
import { maskedCrc32c } from './crc32c.js';

/*
 * TensorBoard's event files: records of TFRecord, each an `Event` message with a scalar summary, as written down in
 * tensorflow/core/util/event.proto, tensorflow/core/framework/summary.proto and tensorboard/plugins/hparams. Field
 * numbers stand beside their names below.
 */

/** DT_FLOAT of tensorflow/core/framework/types.proto. */
const DT_FLOAT = 1;

/**
 * One trial as the content of an event file: its configuration for the HPARAMS tab, then each metric at each step.
 *
 * Reports carry no time, so they are spread evenly over the trial's last attempt.
 */
export function tensorboardEvents(trial: Trial): Uint8Array {
  const last = trial.attempts.at(-1);
  const begunS = (last?.startedAtMs ?? trial.proposedAtMs) / 1000;
  const endedS = (last?.endedAtMs || trial.endedAtMs || (last?.startedAtMs ?? trial.proposedAtMs)) / 1000;
  const events = [
    event(begunS, 0, (writer) => writer.uint32(tag(3, 2)).string('brain.Event:2')),
    event(begunS, 0, summary([hparams('_hparams_/session_start_info', startInfo(trial.params, begunS))])),
    ...trial.reports.map((report, index) => {
      const at = begunS + ((endedS - begunS) * (index + 1)) / trial.reports.length;
      return event(at, report.step, summary(scalars(report)));
    }),
    event(endedS, 0, summary([hparams('_hparams_/session_end_info', endInfo(trial.state, endedS))])),
  ];
  return concat(events.map(record));
}

/** A record: length, its checksum, the bytes, their checksum; numbers little-endian. */
function record(data: Uint8Array): Uint8Array {
  const head = new DataView(new ArrayBuffer(12));
  head.setBigUint64(0, BigInt(data.length), true);
  head.setUint32(8, maskedCrc32c(new Uint8Array(head.buffer, 0, 8)), true);
  const foot = new DataView(new ArrayBuffer(4));
  foot.setUint32(0, maskedCrc32c(data), true);
  return concat([new Uint8Array(head.buffer), data, new Uint8Array(foot.buffer)]);
}

/** Event: wall_time 1, step 2, then file_version 3 or summary 5. */
function event(atS: number, step: number, what: (writer: BinaryWriter) => BinaryWriter): Uint8Array {
  return what(new BinaryWriter().uint32(tag(1, 1)).double(atS).uint32(tag(2, 0)).int64(step)).finish();
}

/** Event.summary 5: Summary.value 1, repeated. */
function summary(values: readonly Uint8Array[]): (writer: BinaryWriter) => BinaryWriter {
  const all = new BinaryWriter();
  for (const value of values) all.uint32(tag(1, 2)).bytes(value);
  return (writer) => writer.uint32(tag(5, 2)).bytes(all.finish());
}

/** Summary.Value: tag 1, simple_value 2. */
function scalars({ metrics }: Report): Uint8Array[] {
  return Object.entries(metrics).map(([name, value]) =>
    new BinaryWriter().uint32(tag(1, 2)).string(name).uint32(tag(2, 5)).float(value).finish(),
  );
}

/**
 * Summary.Value: tag 1, tensor 8 (an empty one, for the plugin reads the metadata), metadata 9: plugin_data 1:
 * plugin_name 1, content 2.
 */
function hparams(name: string, content: Uint8Array): Uint8Array {
  const plugin = new BinaryWriter().uint32(tag(1, 2)).string('hparams').uint32(tag(2, 2)).bytes(content).finish();
  const metadata = new BinaryWriter().uint32(tag(1, 2)).bytes(plugin).finish();
  // TensorProto: dtype 1, tensor_shape 2.
  const tensor = new BinaryWriter()
    .uint32(tag(1, 0))
    .int32(DT_FLOAT)
    .uint32(tag(2, 2))
    .bytes(new Uint8Array())
    .finish();
  const writer = new BinaryWriter().uint32(tag(1, 2)).string(name);
  return writer.uint32(tag(8, 2)).bytes(tensor).uint32(tag(9, 2)).bytes(metadata).finish();
}

/** HParamsPluginData.session_start_info 3: hparams 1 (a map), start_time_secs 5. */
function startInfo(params: readonly Param[], begunS: number): Uint8Array {
  const info = new BinaryWriter();
  for (const { name, value } of params) {
    const entry = new BinaryWriter().uint32(tag(1, 2)).string(name).uint32(tag(2, 2)).bytes(jsonValue(value?.kind));
    info.uint32(tag(1, 2)).bytes(entry.finish());
  }
  info.uint32(tag(5, 1)).double(begunS);
  return new BinaryWriter().uint32(tag(3, 2)).bytes(info.finish()).finish();
}

/** HParamsPluginData.session_end_info 4: status 1 (success 1, failure 2, running 3), end_time_secs 2. */
function endInfo(state: Trial['state'], endedS: number): Uint8Array {
  const isOpen = state === 'TRIAL_STATE_RUNNING' || state === 'TRIAL_STATE_WAITING' || state === 'TRIAL_STATE_PAUSED';
  const status = state === 'TRIAL_STATE_FAILED' ? 2 : isOpen ? 3 : 1;
  const info = new BinaryWriter().uint32(tag(1, 0)).int32(status).uint32(tag(2, 1)).double(endedS).finish();
  return new BinaryWriter().uint32(tag(4, 2)).bytes(info).finish();
}

/** google.protobuf.Value: number_value 2, string_value 3, bool_value 4. */
function jsonValue(kind: NonNullable<Param['value']>['kind']): Uint8Array {
  const writer = new BinaryWriter();
  switch (kind?.$case) {
    case 'number':
      return writer.uint32(tag(2, 1)).double(kind.value).finish();
    case 'text':
      return writer.uint32(tag(3, 2)).string(kind.value).finish();
    case 'flag':
      return writer.uint32(tag(4, 0)).bool(kind.value).finish();
    case undefined:
      return writer.finish();
  }
}

/** Number and wire type of a field: 0 varint, 1 eight bytes, 2 length and bytes, 5 four bytes. */
function tag(field: number, wireType: 0 | 1 | 2 | 5): number {
  return (field << 3) | wireType;
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(parts);
}
