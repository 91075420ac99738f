/** Height, width and channels of pictures. */
export interface ImageShape {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}
