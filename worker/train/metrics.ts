/**
 * Metrics of one epoch: means over the images, accuracies in [0, 1]. The losses are the cross-entropy alone, without
 * penalties on weights and smoothed labels, so that trainings with different ones compare. The training metrics are those
 * of the batches as they passed, the others those of the weights at the epoch's end.
 */
export interface EpochMetrics {
  readonly train_loss: number;
  readonly train_accuracy: number;
  readonly val_loss: number;
  readonly val_accuracy: number;
  /** The test images, where they are measured. */
  readonly test_loss?: number;
  readonly test_accuracy?: number;
  /** Training speed, validation not counted. */
  readonly images_per_s: number;
  /** That of the epoch's last step. */
  readonly learning_rate: number;
  /** How many numbers are trained. */
  readonly parameters: number;
  /** Seconds spent on this and the earlier epochs. */
  readonly time: number;
}
