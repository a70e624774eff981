/** What is said while a part of the page is fetched. */
export const words = {
  failed: "A part of the page did not load. Check your connection, then load the page again.",
  reload: "Load again",
};
