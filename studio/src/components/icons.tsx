/** Small line drawings for buttons. They are decoration: a button has its name in words. */

const PATHS = {
  back: "M10 3.5 5.5 8l4.5 4.5",
  undo: "M5.5 3 2.5 6l3 3M3 6h6.5a3.5 3.5 0 0 1 0 7H7",
  redo: "m10.500 3 3 3-3 3M13 6H6.500a3.500 3.500 0 0 0 0 7H9",
  plus: "M8 3v10M3 8h10",
  minus: "M3 8h10",
  search: "M7 11.500a4.500 4.500 0 1 0 0-9 4.500 4.500 0 0 0 0 9ZM10.300 10.300 13.500 13.500",
  close: "m4 4 8 8M12 4l-8 8",
  eye: "M1.500 8S4 3.500 8 3.500 14.500 8 14.500 8 12 12.500 8 12.500 1.500 8 1.500 8ZM8 10a2 2 0 1 0 0-4 2 2 0 0 0 0 4Z",
  down: "m4 6 4 4 4-4",
  clock: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM8 4.500V8l2.500 1.500",
  keyboard: "M2 4.500h12v7H2ZM4.500 7h0M7 7h0M9.500 7h0M11.800 7h0M5 9.500h6",
  check: "m3.500 8.500 3 3 6-7",
  cloud: "M4.500 12.500a3 3 0 0 1-.3-6 4 4 0 0 1 7.700.800 2.600 2.600 0 0 1-.400 5.200Z",
  warning: "M8 2.500 14.500 13.500h-13ZM8 6.500v3.200M8 11.600h0",
  person: "M8 8a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5ZM3.500 13.500c.5-2.500 2.200-4 4.500-4s4 1.500 4.500 4",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon-drawing" width="16" height="16" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} fill="none" stroke="currentColor" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round" />
    </svg>
  );
}
