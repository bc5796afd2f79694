"""What booking has to know of each kind of item, so that nothing else of it has to know any.

`asking` fetches what an item needs and gives it the form of `Asked`; `stays`, `tables` and `flights` are those forms;
`words` tells from the name of a resource what a span of it means to people and to other modules.
"""
