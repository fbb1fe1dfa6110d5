/** Shows alarms that a push service brings to this browser, also while no page is open. */
self.addEventListener("push", (event) => {
  const { title, text, tag, link } = event.data.json();
  const shown = { body: text, tag, data: { link }, renotify: true, requireInteraction: true };
  event.waitUntil(self.registration.showNotification(title, shown));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const { link } = event.notification.data;
  const open = async () => {
    const pages = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
    const page = pages.find((each) => each.url === link);
    return page ? page.focus() : self.clients.openWindow(link);
  };
  event.waitUntil(open());
});
