/** What the shell and the canvas say. */

export const words = {
  title: "Postcard Studio",
  openLink: "Open your invitation link to sign in.",
  noPage: "There is no such page",
  allTemplates: "All templates",
};
