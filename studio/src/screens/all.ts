/** All screens and dialogs: the part of the page that is fetched when the first of them is shown. */

export { AssetsPanel } from "../panels/assets";
export { FontsPanel } from "../panels/fonts";
export { SaveCopy } from "./templates/name_dialog";
export { NewTemplate } from "./templates/new_template";
export { PictureStart } from "./picture/start";
export { Preview } from "./preview/preview";
export { Publish } from "./publish";
export { SignIn } from "./sign_in";
export { Templates } from "./templates/list";
export { Usage } from "./usage/usage";
export { Versions } from "./versions/versions";
