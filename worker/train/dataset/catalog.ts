export async function listDatasets(_datasetsDir: string | undefined): Promise<string[]> {
  return ['digits'];
}
