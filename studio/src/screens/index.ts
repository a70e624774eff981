import { AssetsPanel } from "../panels/assets";
import { FontsPanel } from "../panels/fonts";
import type { Screens } from "../shell/registry";
import { NewTemplate } from "./new_template";
import { PictureStart } from "./picture/start";
import { Preview } from "./preview";
import { Publish } from "./publish";
import { SignIn } from "./sign_in";
import { Templates } from "./templates";
import { Versions } from "./versions";

/** The app's screens and the editor's dialogs. */
export const screens: Screens = {
  signIn: SignIn,
  templates: Templates,
  newTemplate: NewTemplate,
  pictureStart: PictureStart,
  preview: Preview,
  versions: Versions,
  publish: Publish,
  assets: AssetsPanel,
  fonts: FontsPanel,
};
