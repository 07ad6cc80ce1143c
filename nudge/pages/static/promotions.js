// The form of a promotion: the values that are offered follow the attribute of their row.
(function () {
  'use strict';
  document.addEventListener('change', function (event) {
    var select = event.target;
    if (select.name !== 'row_attribute') return;
    var value = select.parentElement.querySelector('[name="row_value"]');
    value.setAttribute('list', 'values-' + select.value);
  });
})();
