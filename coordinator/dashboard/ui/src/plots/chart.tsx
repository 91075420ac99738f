import type { EChartsCoreOption, EChartsType } from 'echarts/core';
import { useEffect, useRef } from 'react';

export type ChartEvents = Readonly<Record<string, (event: never, chart: EChartsType) => void>>;

interface ChartProps {
  readonly option: EChartsCoreOption;
  /** What the picture shows, for those who do not see it. */
  readonly label: string;
  readonly height?: number;
  readonly events?: ChartEvents;
}

/** One picture. It draws again when its option changes, and fits itself into whatever width it gets. */
export function Chart({ option, label, height = 280, events }: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<EChartsType>(undefined);
  const latest = useRef({ option, events });
  latest.current = { option, events };
  useEffect(() => {
    const element = place.current!;
    let gone = false;
    let observer: ResizeObserver | undefined;
    void import('./echarts.js').then(({ init }) => {
      if (gone) return;
      const made = init(element, undefined, { renderer: 'canvas' });
      chart.current = made;
      made.setOption(latest.current.option);
      for (const name of Object.keys(latest.current.events ?? {})) {
        made.on(name, (event: unknown) => latest.current.events?.[name]?.(event as never, made));
      }
      observer = new ResizeObserver(() => made.resize());
      observer.observe(element);
    });
    return () => {
      gone = true;
      observer?.disconnect();
      chart.current?.dispose();
      chart.current = undefined;
    };
  }, []);
  useEffect(() => {
    chart.current?.setOption(option, { replaceMerge: ['series'], lazyUpdate: true });
  }, [option]);
  return <div ref={place} className="chart" style={{ height }} role="img" aria-label={label} />;
}
