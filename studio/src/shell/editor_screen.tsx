/** The editor of one template. */

export function EditorScreen({ id }: { id: string }) {
  return <main class="page">{id}</main>;
}
