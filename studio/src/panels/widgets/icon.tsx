/** Small drawings for buttons and layer types, in the colour of the text. */

const PATHS: { [name: string]: string } = {
  text: "M3.5 4.5v-1h9v1M8 3.5v9M6.5 12.5h3",
  image: "M2.5 3.5h11v9h-11zM2.5 10.5l3-3 3 3 2-2 3 3M10.5 6.2h.01",
  rectangle: "M2.5 4h11v8h-11z",
  ellipse: "M8 3.5a5.5 4.5 0 1 0 0 9 5.5 4.5 0 1 0 0-9z",
  line: "M3 13 13 3",
  path: "M2.5 12.5c3 0 3-9 5.5-9s2.5 9 5.5 9",
  qr: "M3 3h4v4H3zM9 3h4v4H9zM3 9h4v4H3zM9.5 9.5h1v1M12.5 9.5v1M9.5 12.5h3",
  barcode: "M3 3.5v9M5.5 3.5v9M7.5 3.5v9M10.5 3.5v9M13 3.5v9",
  progress: "M2.5 6.5h11v3h-11zM2.5 8h6",
  rating: "M8 2.8l1.6 3.4 3.7.5-2.7 2.5.7 3.7L8 11.1l-3.3 1.8.7-3.7-2.7-2.5 3.7-.5z",
  group: "M2.5 4.5h4l1.5 1.5h5.5v6.5h-11z",
  unknown: "M3 3h2M7 3h2M11 3h2v2M13 7v2M13 11v2h-2M9 13H7M5 13H3v-2M3 9V7M3 5V3",
  lock: "M4.5 7.5h7v5.5h-7zM6 7.5V5.5a2 2 0 0 1 4 0v2",
  unlock: "M4.5 7.5h7v5.5h-7zM6 7.5V5a2 2 0 0 1 3.9-.6",
  eye: "M1.8 8S4 3.8 8 3.8 14.2 8 14.2 8 12 12.2 8 12.2 1.8 8 1.8 8zM8 6.3a1.7 1.7 0 1 0 0 3.4 1.7 1.7 0 1 0 0-3.4z",
  hidden: "M1.8 8S4 3.8 8 3.8 14.2 8 14.2 8 12 12.2 8 12.2 1.8 8 1.8 8zM3 13 13 3",
  chevron: "M6 4l4 4-4 4",
  down: "M4 6l4 4 4-4",
  plus: "M8 3v10M3 8h10",
  minus: "M3.5 8h9",
  close: "M4 4l8 8M12 4l-8 8",
  reset: "M4 6.5h5.5a3 3 0 0 1 0 6H6M6.5 4 4 6.5 6.5 9",
  field: "M6 3.5c-2 0-1 4-2.5 4.5C5 8.5 4 12.5 6 12.5M10 3.5c2 0 1 4 2.5 4.5-1.5.5-.5 4.5-2.5 4.5",
  warning: "M8 2.8 14 13H2zM8 6.5v3M8 11.3v.01",
  corners: "M3 6V5a2 2 0 0 1 2-2h1M10 3h1a2 2 0 0 1 2 2v1M13 10v1a2 2 0 0 1-2 2h-1M6 13H5a2 2 0 0 1-2-2v-1",
  sides: "M3 3h10v10H3zM6 6h4v4H6z",
  "align-left": "M2.5 2.5v11M5 5.5h8M5 10.5h5",
  "align-center": "M8 2.5v11M4 5.5h8M5.5 10.5h5",
  "align-right": "M13.5 2.5v11M3 5.5h8M6 10.5h5",
  "align-top": "M2.5 2.5h11M5.5 5v8M10.5 5v5",
  "align-middle": "M2.5 8h11M5.5 4v8M10.5 5.5v5",
  "align-bottom": "M2.5 13.5h11M5.5 3v8M10.5 6v5",
};

export function Icon({ name }: { name: string }) {
  const path = Object.hasOwn(PATHS, name) ? PATHS[name] : PATHS["unknown"];
  return (
    <svg class="icon" width="16" height="16" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={path} fill="none" stroke="currentColor" stroke-width="1.25" stroke-linecap="round" stroke-linejoin="round" />
    </svg>
  );
}
