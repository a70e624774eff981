/** Uploads the picture of a new template; deletes it again if no template uses it. */

import { type Asset, contentTypeOf, deleteAsset, uploadNewAsset } from "../../server/assets";
import { hasScope } from "../../server/session";

export class PictureUpload {
  readonly #ending = new AbortController();
  #announced: string | undefined;
  #isUsed = false;

  get isEnded(): boolean {
    return this.#ending.signal.aborted;
  }

  send(file: File, id: string, progress: (share: number) => void): Promise<Asset> {
    const announced = (given: string) => {
      this.#announced = given;
    };
    return uploadNewAsset(file, contentTypeOf(file)!, id, { progress, announced, signal: this.#ending.signal });
  }

  /** Whether a template shows the picture: such a picture stays. */
  used(isUsed: boolean): void {
    this.#isUsed = isUsed;
  }

  /**
   * Ends the upload. A picture that no template shows is deleted, if the session may delete:
   * one for design alone leaves it among the assets.
   */
  leave(): void {
    if (this.isEnded) return;
    this.#ending.abort();
    if (this.#announced === undefined || this.#isUsed || !hasScope("templates")) return;
    deleteAsset(this.#announced, { keepalive: true, tries: 1 }).catch(() => undefined);
  }
}
