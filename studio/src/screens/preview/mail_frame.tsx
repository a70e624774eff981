/** A mail as a program shows it, with the template's picture in it. */

import { useEffect, useRef } from "preact/hooks";

import { words } from "../../words/screens";
import { type MailClient, recoloring } from "../../server/mail_clients";

const text = words.preview;

const LIGHT_GROUND = "#ffffff";

export type Device = "desktop" | "phone";

export interface MailPicture {
  url: string | undefined;
  alt: string;
  /** The width at which the mail shows it, and its height then, in CSS pixels. */
  width: number;
  height: number;
  /** The file's own pixels. */
  pixels: { width: number; height: number };
}

export function MailFrame(props: {
  device: Device;
  /** None as long as the list of clients is not there. */
  client: MailClient | undefined;
  dark: boolean;
  images: boolean;
  picture: MailPicture;
}) {
  const { device, client, dark, images, picture } = props;
  const ground = useRef<HTMLDivElement>(null);
  useEffect(() => {
    ground.current?.style.setProperty("background-color", dark && client ? client.background : LIGHT_GROUND);
  }, [dark, client]);
  const filter = dark && client ? recoloring(client, picture.pixels) : null;
  return (
    <figure class={`mail-frame ${device}`}>
      <figcaption>
        {device === "desktop" ? text.desktop : text.phone}
        {client && ` · ${client.name}`}
      </figcaption>
      <div ref={ground} class={dark ? "mail dark" : "mail"}>
        <div class="mail-head" aria-hidden="true">
          <span class="mail-avatar" />
          <span class="mail-from">{text.from}</span>
          <span class="mail-subject">{text.subject}</span>
        </div>
        <div class="mail-body">
          <Lines widths={[92, 74]} />
          {images && picture.url ? (
            <img
              class="mail-picture"
              style={filter === null ? undefined : { filter }}
              src={picture.url}
              alt={picture.alt}
              width={picture.width}
              height={picture.height}
              draggable={false}
            />
          ) : (
            <NoImages picture={picture} />
          )}
          <Lines widths={[96, 88, 52]} />
        </div>
      </div>
      {client && filter !== null && images && <p class="hint">{text.recolored(client.name)}</p>}
    </figure>
  );
}

/** What stands in the picture's place while the program shows no pictures. */
function NoImages({ picture }: { picture: MailPicture }) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    box.current?.style.setProperty("max-width", `${picture.width}px`);
    box.current?.style.setProperty("aspect-ratio", `${picture.width} / ${picture.height}`);
  }, [picture.width, picture.height]);
  return (
    <div ref={box} class="mail-no-images">
      <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
        <path d="M2.5 2.5h11v11h-11zM2.5 11l3.5-3.5 3 3 1.5-1.5 3 3" fill="none" stroke="currentColor" />
      </svg>
      <span>{picture.alt}</span>
    </div>
  );
}

/** Lines of the mail's other text. */
function Lines({ widths }: { widths: readonly number[] }) {
  return (
    <svg class="mail-lines" viewBox={`0 0 100 ${widths.length * 4}`} preserveAspectRatio="none" height={widths.length * 16} aria-hidden="true">
      {widths.map((width, index) => (
        <rect key={index} x="0" y={index * 4 + 0.8} width={width} height="2" />
      ))}
    </svg>
  );
}
