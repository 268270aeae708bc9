// In the oldest JavaScript there is. Where the page's own does not start (an old browser, a part that was refused)
// the results that came with the page stand; this says so, and loads the page again now and then.

(function () {
  var WAIT_MS = 4000;
  var AGAIN_MS = 30000;

  setTimeout(function () {
    var note = document.getElementById("still");
    if (document.documentElement.getAttribute("data-runs") || !note) return;
    note.className = "banner";
    document.getElementById("link").innerHTML = "Not live";
    document.getElementById("empty").innerHTML = "";
    // A page kept on the phone has no rows and may lack a part: let the next load come from the server.
    if (navigator.serviceWorker && navigator.serviceWorker.getRegistrations) {
      navigator.serviceWorker.getRegistrations().then(function (workers) {
        for (var i = 0; i < workers.length; i += 1) workers[i].unregister();
      });
    }
    setTimeout(function () {
      location.reload();
    }, AGAIN_MS);
  }, WAIT_MS);
})();
