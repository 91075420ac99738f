import { dirname, resolve } from 'node:path';
import { openArtifactClient, TransferError } from '../proto/artifact-client.js';
import type { Study } from '../proto/index.js';
import { commandConfigSchema, moduleConfigSchema, type Upload } from '../proto/own-code.js';
import { chosenAccess } from './access-options.js';
import type { StudyClient } from './client.js';
import { FAILURE, UserError } from './fail.js';
import { packFolder } from './pack-folder.js';
import type { SearchFile } from './search-file.js';

/** How long an upload waits for a coordinator that went away, milliseconds. */
const PATIENCE_MS = 30_000;

/**
 * Starts a study with a search file, after the code that the file uploads.
 *
 * @throws {UserError} when the code cannot be packed or uploaded, or the study is refused
 */
export async function submitFile(client: StudyClient, file: SearchFile): Promise<Study> {
  const upload = uploadOf(file);
  if (upload === undefined) return client.createStudy(file.text, file.fileName);
  const base = file.fileName === '<stdin>' ? '.' : dirname(file.fileName);
  const { archive, sha256, files } = await packFolder(resolve(base, upload.dir), upload.ignore);
  const artifacts = openArtifactClient(client.address, chosenAccess());
  try {
    const content = { sha256, bytes: archive.length, read: () => once(archive) };
    await artifacts.upload(content, { patienceMs: PATIENCE_MS });
  } catch (error) {
    if (!(error instanceof TransferError)) throw error;
    throw new UserError(`the code could not be uploaded: ${error.message}`, FAILURE, { cause: error });
  } finally {
    artifacts.close();
  }
  process.stderr.write(`assay: uploaded ${files} files of ${upload.dir} (${sha256.slice(0, 12)})\n`);
  return client.createStudy(file.text, file.fileName, sha256);
}

/** What the file uploads, if anything. Its parameters are of no matter here. */
function uploadOf({ spec: { objective } }: SearchFile): Upload | undefined {
  const schema = { command: commandConfigSchema, module: moduleConfigSchema, train: undefined, null: undefined };
  return schema[objective.kind]?.safeParse(objective.config).data?.upload;
}

async function* once(content: Uint8Array): AsyncIterable<Uint8Array> {
  yield content;
}
