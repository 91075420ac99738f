/** Where a worker finds data sets, and where it keeps what it downloads and decodes. */
export interface DataPlaces {
  /** The operator's folder of data sets, absolute; undefined for none. */
  readonly datasetsDir?: string | undefined;
  /** Folder for what is downloaded and decoded, absolute; undefined: nothing is kept, and every attempt decodes anew. */
  readonly cacheDir?: string | undefined;
  /** An address that is asked instead of the data sets' own servers; it ends without a slash. */
  readonly mirror?: string | undefined;
  /** True: nothing is downloaded. */
  readonly offline: boolean;
}
