/** Opens the publish dialog; whoever may not publish gets the draft's link to send on. */

import { hasScope } from "../server/session";
import { words } from "../words/shell";
import type { Workspace } from "./workspace";

/** Why the document cannot be published as it stands; undefined if it can. */
export function publishFault({ editor }: Workspace): string | undefined {
  const [fault] = editor.preview.value.faults;
  return fault && words.cannotPublish(fault.detail);
}

export function mayPublish(): boolean {
  return hasScope("templates");
}

export function publish(workspace: Workspace): void {
  if (!mayPublish()) {
    const link = `${location.origin}/studio/t/${workspace.editor.templateId}`;
    void workspace.editor.draft.saveNow();
    void navigator.clipboard.writeText(link).then(
      () => workspace.tell(words.draftLinkCopied),
      () => workspace.tell(link),
    );
    return;
  }
  const fault = publishFault(workspace);
  if (fault === undefined) workspace.dialog.value = "publish";
  else workspace.tell(fault);
}
