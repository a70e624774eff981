/** Texts shown while a part of the page loads, and in browsers that are too old. */
export const words = {
  failed: "A part of the page did not load. Check your connection, then load the page again.",
  reload: "Load again",
  oldBrowser: "This browser is too old for the studio",
  needed: "It needs Chrome or Edge 123, Firefox 128, Safari 17.5, or a later one of these.",
  nothingLost: "Your templates and drafts are safe. Open the same address in another browser.",
};
